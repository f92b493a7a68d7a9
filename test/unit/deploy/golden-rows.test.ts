import { describe, expect, it } from 'vitest';
import { makeGoldenRows } from '../../../src/deploy/golden.ts';
import type { Model, Step } from '../../../src/ir/model.ts';

const FEATURES = 30;
const registers = Array.from({ length: FEATURES }, (_, i) => i);

function modelOf(steps: readonly Step[], value: number): Model {
  return {
    irVersion: 1,
    task: 'regression',
    features: registers.map((i) => ({ kind: 'number', name: `x${i}` })),
    steps,
    output: { value, raw: [value] },
  };
}

describe('rows that are drawn', () => {
  it('hold answers where one missing value is enough for none', () => {
    const sum: Step = { kind: 'reduce', operation: 'sum', inputs: registers, precision: 'float64' };
    const rows = makeGoldenRows(modelOf([sum], FEATURES), 32);
    expect(rows.filter(({ value }) => typeof value === 'number').length).toBeGreaterThanOrEqual(16);
    expect(rows.some(({ features }) => Object.values(features).includes(null))).toBe(true);
  });

  it.each<[string, Step]>([
    ['edges', { kind: 'bin', inputs: [3], edges: [[77]], side: 'left', missing: 0 }],
    [
      'constants',
      { kind: 'map', inputs: [1, 3], precision: 'float64', operations: [{ name: 'subtract', by: [5, 77] }] },
    ],
    ['keys', { kind: 'lookup', inputs: [3], keys: [77], values: [1], default: 0 }],
    ['points', { kind: 'distance', inputs: [3], metric: 'dot', points: [[77]], precision: 'float64' }],
    ['knots', { kind: 'interpolate', inputs: [3], x: [[77]], y: [[1]], precision: 'float64' }],
    ['categories', { kind: 'encode-category', input: 3, categories: [77], missing: 0, unknown: 0 }],
  ])('stand at %s of the model', (_, step) => {
    const rows = makeGoldenRows(modelOf([step], FEATURES), 32);
    expect(rows.map(({ features }) => features.x3)).toContain(77);
    expect(rows.map(({ features }) => features.x2)).not.toContain(77);
  });
});
