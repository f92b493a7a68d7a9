import { describe, expect, it } from 'vitest';
import { compactSteps } from '../../../../src/import/onnx/compact.ts';
import type { MapStep, Precision, Register, Step } from '../../../../src/ir/model.ts';

function map(inputs: readonly Register[], by: readonly number[], precision: Precision = 'float32'): MapStep {
  return { kind: 'map', inputs, precision, operations: [{ name: 'add', by }] };
}

const output = (value: Register) => ({ value, raw: [value] });

describe('steps', () => {
  it('that are equal become one', () => {
    const steps: Step[] = [
      map([0], [1], 'float64'),
      map([0], [1], 'float64'),
      { kind: 'combine', operation: 'multiply', left: [2], right: [3], precision: 'float64' },
    ];
    expect(compactSteps(2, steps, output(4))).toEqual({
      steps: [steps[0], { ...steps[2], left: [2], right: [2] }],
      output: output(3),
    });
  });

  it.each([
    [0, -0],
    [Number.NaN, Number.POSITIVE_INFINITY],
  ])('that differ by %d and %d stay two', (one, other) => {
    const steps = [map([0], [one], 'float64'), map([0], [other], 'float64')];
    expect(compactSteps(1, steps, { value: 1, raw: [2] }).steps).toEqual(steps);
  });

  it('in a chain are joined, each constant with its input', () => {
    const steps = [map([0, 1], [1, 2]), map([3, 2], [10, 20])];
    expect(compactSteps(2, steps, { value: 4, raw: [5] })).toEqual({
      steps: [
        {
          kind: 'map',
          inputs: [1, 0],
          precision: 'float32',
          operations: [
            { name: 'add', by: [2, 1] },
            { name: 'add', by: [10, 20] },
          ],
        },
      ],
      output: { value: 2, raw: [3] },
    });
  });

  it.each<[string, Step[], Register[]]>([
    ['another precision', [map([0], [1]), map([1], [2], 'float64')], [2]],
    ['another reader', [map([0], [1]), map([1], [2]), map([1], [3])], [2, 3]],
    ['the output as a reader', [map([0], [1]), map([1], [2])], [1, 2]],
    ['more inputs than there were', [map([0], [1]), map([1, 1], [2, 3])], [2, 3]],
  ])('are not joined with %s', (_, steps, raw) => {
    expect(compactSteps(1, steps, { value: raw[0]!, raw }).steps).toEqual(steps);
  });

  it('that nothing needs are left out', () => {
    const steps = [map([0], [1], 'float64'), map([0], [2], 'float64')];
    expect(compactSteps(1, steps, output(2))).toEqual({ steps: [steps[1]], output: output(1) });
  });
});
