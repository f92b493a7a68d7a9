import { describe, expect, it } from 'vitest';
import type { Step, VectorStep } from '../../../src/ir/model.ts';
import { validate } from '../../../src/ir/validate.ts';
import { regression } from './models.ts';

const NAN = Number.NaN;

/** A sound step of each kind over the registers 0, 1, 2. */
const SOUND = {
  map: {
    kind: 'map',
    inputs: [0, 1, 1],
    precision: 'float64',
    operations: [
      { name: 'impute', missing: NAN, by: [1, 2, NAN] },
      { name: 'add', by: [1] },
      { name: 'compare', operator: '<=', by: [0] },
      { name: 'tanh' },
      { name: 'is-nan' },
    ],
  },
  combine: { kind: 'combine', operation: 'xor', left: [0, 1], right: [2], precision: 'float32' },
  select: { kind: 'select', condition: [0], whenTrue: [1, 2], whenFalse: [2, 1] },
  reduce: { kind: 'reduce', operation: 'log-sum-exp', inputs: [0, 1], precision: 'float64' },
  bin: { kind: 'bin', inputs: [0, 1], edges: [[0, 0, 5, Infinity], []], side: 'left', missing: NAN },
  interpolate: { kind: 'interpolate', inputs: [0], x: [[0, 1, 1]], y: [[5, 4, 3]], precision: 'float64' },
  lookup: { kind: 'lookup', inputs: [0], keys: [1, NAN], values: [NAN, 2], default: NAN },
  distance: {
    kind: 'distance',
    inputs: [0, 1],
    metric: 'cosine',
    points: [
      [1, 2],
      [3, 4],
    ],
    precision: 'float64',
  },
  nearest: { kind: 'nearest', inputs: [0, 1, 2], k: 3 },
  gather: {
    kind: 'gather',
    inputs: [0, 1],
    rows: [
      [1, NAN],
      [3, 4],
    ],
    default: 0,
  },
  pairwise: { kind: 'pairwise', method: 'coupling', inputs: [0, 1, 2], classes: 3 },
} satisfies Record<string, VectorStep>;

const WIDTHS = {
  map: 3,
  combine: 2,
  select: 2,
  reduce: 1,
  bin: 2,
  interpolate: 1,
  lookup: 1,
  distance: 2,
  nearest: 6,
  gather: 4,
  pairwise: 3,
};

function faults(step: unknown): string[] {
  return validate(regression([step as Step], 3)).map(({ path }) => path.replace('steps[0].', ''));
}

describe('steps over many registers', () => {
  it.each(Object.keys(SOUND) as (keyof typeof SOUND)[])('%s: passes and counts its registers', (kind) => {
    const last = 2 + WIDTHS[kind];
    expect(validate(regression([SOUND[kind]], 3, last))).toEqual([]);
    expect(validate(regression([SOUND[kind]], 3, last + 1)).map(({ path }) => path)).toContain(
      'output.value',
    );
  });

  const broken: readonly (readonly [keyof typeof SOUND, string, object])[] = [
    ['map', 'inputs', { inputs: [] }],
    ['map', 'inputs[0]', { inputs: [3, 0, 0] }],
    ['map', 'precision', { precision: 'float16' }],
    ['map', 'operations', { operations: [] }],
    ['map', 'operations[0].name', { operations: [{ name: 'cbrt' }] }],
    ['map', 'operations[0].by', { operations: [{ name: 'add', by: [1, 2] }] }],
    ['map', 'operations[0].by', { operations: [{ name: 'add' }] }],
    ['map', 'operations[0].by[0]', { operations: [{ name: 'add', by: ['1'] }] }],
    ['map', 'operations[0].missing', { operations: [{ name: 'impute', by: [0] }] }],
    ['map', 'operations[0].operator', { operations: [{ name: 'compare', operator: '=', by: [0] }] }],
    ['combine', 'operation', { operation: 'nand' }],
    ['combine', 'right', { left: [0, 1, 2], right: [0, 1] }],
    ['combine', 'left', { left: [] }],
    ['combine', 'precision', { precision: undefined }],
    ['select', 'whenFalse', { whenTrue: [0, 1, 2], whenFalse: [1, 2] }],
    ['select', 'condition[0]', { condition: [-1] }],
    ['reduce', 'operation', { operation: 'median' }],
    ['reduce', 'inputs', { inputs: [] }],
    ['bin', 'edges', { edges: [[1]] }],
    ['bin', 'edges[0][1]', { edges: [[1, 0], []] }],
    ['bin', 'edges[0][0]', { edges: [[NAN], []] }],
    ['bin', 'side', { side: 'middle' }],
    ['bin', 'missing', { missing: null }],
    ['interpolate', 'x', { x: [] }],
    ['interpolate', 'x[0]', { x: [[]], y: [[]] }],
    ['interpolate', 'x[0][1]', { x: [[2, 1, 3]] }],
    ['interpolate', 'x[0][2]', { x: [[0, 1, Infinity]] }],
    ['interpolate', 'y[0]', { y: [[1]] }],
    ['lookup', 'keys[1]', { keys: [NAN, NAN] }],
    ['lookup', 'values', { values: [1] }],
    ['lookup', 'default', { default: undefined }],
    ['distance', 'points', { points: [] }],
    ['distance', 'points[1]', { points: [[1, 2], [3]] }],
    ['distance', 'points[0][0]', { points: [[NAN, 2]] }],
    ['distance', 'metric', { metric: 'hamming' }],
    ['nearest', 'k', { k: 4 }],
    ['nearest', 'k', { k: 0 }],
    ['gather', 'rows', { rows: [] }],
    ['gather', 'rows[0]', { rows: [[]] }],
    ['gather', 'rows[1]', { rows: [[1, 2], [3]] }],
    ['pairwise', 'classes', { classes: 1 }],
    ['pairwise', 'inputs', { classes: 4 }],
    ['pairwise', 'method', { method: 'tournament' }],
  ];
  it.each(broken)('%s: finds the fault at %s in %j', (kind, path, change) => {
    expect(faults({ ...SOUND[kind], ...change })).toContain(path);
  });

  it('refuses a small file that asks for more registers than memory holds', () => {
    const inputs = new Array<number>(50_000).fill(0);
    const gather = { kind: 'gather', inputs, rows: [new Array<number>(50_000).fill(1)], default: 0 };
    expect(faults(gather)[0]).toBe('steps[0]');
  });

  it('checks the codes of an encoding', () => {
    const step = {
      kind: 'encode-category',
      input: 0,
      categories: [5, 6],
      codes: [NAN, -1],
      missing: 0,
      unknown: 0,
    };
    expect(faults(step)).toEqual([]);
    expect(faults({ ...step, codes: [1] })).toEqual(['codes']);
    expect(faults({ ...step, codes: [1, '2'] })).toEqual(['codes[1]']);
  });
});
