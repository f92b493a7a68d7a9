import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { MapOperation, Step, Unary } from '../../../src/ir/model.ts';
import { regression } from './models.ts';

const NAN = Number.NaN;

/** What a step writes when the features hold the row. */
function run(step: Step, row: readonly number[]): readonly number[] {
  return evaluate(regression([step], row.length), row).registers.slice(row.length);
}

function map(operation: MapOperation, row: readonly number[], precision: 'float32' | 'float64' = 'float64') {
  return run({ kind: 'map', inputs: row.map((_, i) => i), precision, operations: [operation] }, row);
}

describe('map', () => {
  it('takes one constant for all inputs, or one each', () => {
    expect(map({ name: 'subtract', by: [1] }, [1, 2])).toEqual([0, 1]);
    expect(map({ name: 'divide', by: [2, 4] }, [1, 2])).toEqual([0.5, 0.5]);
  });

  it('has the power of C', () => {
    expect(map({ name: 'power', by: [NAN, 0, Infinity, 2, 0.5] }, [1, NAN, -1, 3, 4])).toEqual([
      1, 1, 1, 9, 2,
    ]);
  });

  it('has the remainders of Python and of C', () => {
    expect(map({ name: 'modulo', by: [3, -3, -3] }, [-7, 7, 6])).toEqual([2, -2, 0]);
    expect(map({ name: 'remainder', by: [3, -3] }, [-7, 7])).toEqual([-1, 1]);
  });

  it('rounds halves to even and keeps NaN', () => {
    const round = (row: readonly number[]) => map({ name: 'round-half-even' }, row);
    expect(round([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999, NAN])).toEqual([0, 2, 2, -0, -2, 2, NAN]);
    expect(round([2 ** 52 + 1, Infinity, 0.49999999999999994])).toEqual([2 ** 52 + 1, Infinity, 0]);
    expect(map({ name: 'min', by: [5] }, [NAN, 7])).toEqual([NAN, 5]);
    expect(map({ name: 'relu' }, [NAN, -1, 2])).toEqual([NAN, 0, 2]);
  });

  it('replaces what counts as missing', () => {
    expect(map({ name: 'impute', missing: NAN, by: [9] }, [NAN, 1])).toEqual([9, 1]);
    expect(map({ name: 'impute', missing: -1, by: [8, 9, NAN] }, [-1, NAN, -1])).toEqual([8, NAN, NAN]);
  });

  it('compares NaN as IEEE does', () => {
    const compare = (operator: '==' | '!=' | '>=') =>
      map({ name: 'compare', operator, by: [1] }, [1, NAN, 2]);
    expect(compare('==')).toEqual([1, 0, 0]);
    expect(compare('!=')).toEqual([0, 1, 1]);
    expect(compare('>=')).toEqual([1, 0, 1]);
  });

  it('rounds inputs, constants and results in float32', () => {
    const f = Math.fround;
    expect(map({ name: 'add', by: [0.2] }, [0.1], 'float32')).toEqual([f(f(0.1) + f(0.2))]);
    expect(map({ name: 'compare', operator: '==', by: [0.1] }, [f(0.1)], 'float32')).toEqual([1]);
  });

  it.each<[Unary, number, number]>([
    ['expm1', 1e-10, 1.00000000005e-10],
    ['log1p', 1e-10, 9.9999999995e-11],
    ['sigmoid', 0, 0.5],
    ['softplus', 800, 800],
    ['reciprocal', 4, 0.25],
    ['erf', 0.5, 0.5204998778130465],
    ['erf', -1, -0.8427007929497149],
    ['erf', 3, 0.9999779095030014],
    ['erf', 7, 1],
  ])('%s(%f)', (name, x, expected) => {
    expect(map({ name }, [x])[0]).toBeCloseTo(expected, 15);
  });
});

describe('combine, select, reduce', () => {
  it('spreads a list of one', () => {
    const step = { kind: 'combine', operation: 'multiply', precision: 'float64' } as const;
    expect(run({ ...step, left: [0], right: [1, 2] }, [2, 3, 5])).toEqual([6, 10]);
    expect(run({ ...step, left: [1, 2], right: [0] }, [2, 3, 5])).toEqual([6, 10]);
  });

  it('takes everything but 0 for true', () => {
    const step = { kind: 'combine', left: [0, 1, 2], right: [2], precision: 'float64' } as const;
    expect(run({ ...step, operation: 'and' }, [0, NAN, 5])).toEqual([0, 1, 1]);
    expect(run({ ...step, operation: 'xor' }, [0, NAN, 5])).toEqual([1, 0, 0]);
    const select = { kind: 'select', condition: [0, 1, 2], whenTrue: [2], whenFalse: [0] } as const;
    expect(run(select, [0, NAN, 5])).toEqual([0, 5, 5]);
  });

  it.each([
    ['sum', 6],
    ['mean', 1.5],
    ['product', -30],
    ['min', -3],
    ['max', 5],
    ['l1', 12],
    ['l2', Math.sqrt(42)],
    ['sum-of-squares', 42],
    ['argmin', 2],
    ['argmax', 1],
    ['log-sum-exp', Math.log(Math.exp(2) + Math.exp(5) + Math.exp(-3) + Math.exp(2))],
  ] as const)('%s', (operation, expected) => {
    const reduce = { kind: 'reduce', operation, inputs: [0, 1, 2, 3], precision: 'float64' } as const;
    const row = operation === 'product' ? [2, 5, -3, 1] : [2, 5, -3, 2];
    expect(run(reduce, row)[0]).toBeCloseTo(expected, 14);
  });

  it('has a log-sum-exp without overflow', () => {
    const step = { kind: 'reduce', operation: 'log-sum-exp', inputs: [0, 1], precision: 'float64' } as const;
    expect(run(step, [1000, 1000])).toEqual([1000 + Math.LN2]);
    expect(run(step, [-Infinity, -Infinity])).toEqual([-Infinity]);
    expect(run(step, [Infinity, 1])).toEqual([Infinity]);
    expect(run(step, [NAN, 1])).toEqual([NAN]);
  });
});

describe('tables', () => {
  it('counts edges as numpy.searchsorted does', () => {
    const step = { kind: 'bin', inputs: [0, 1, 2], edges: [[1, 2, 2, 3], [1], []], missing: -1 } as const;
    expect(run({ ...step, side: 'left' }, [2, 1, 7])).toEqual([1, 0, 0]);
    expect(run({ ...step, side: 'right' }, [2, 1, 7])).toEqual([3, 1, 0]);
    expect(run({ ...step, side: 'left' }, [NAN, 9, 7])).toEqual([-1, 1, 0]);
  });

  it('interpolates as numpy.interp does', () => {
    const step = {
      kind: 'interpolate',
      inputs: [0],
      x: [[0, 1, 1, 3]],
      y: [[0, 10, 20, 40]],
      precision: 'float64',
    } as const;
    const values = [-1, 0, 0.5, 1, 2, 3, 4, NAN].map((x) => run(step, [x])[0]);
    expect(values).toEqual([0, 0, 5, 20, 30, 40, 40, NAN]);
  });

  it('looks numbers up, NaN too', () => {
    const step = { kind: 'lookup', inputs: [0, 1, 2], keys: [0, NAN], values: [5, NAN], default: 9 } as const;
    expect(run(step, [-0, NAN, 1])).toEqual([5, NAN, 9]);
    expect(run({ ...step, values: [5, 6] }, [-0, NAN, 1])).toEqual([5, 6, 9]);
  });

  it('gathers a row an index', () => {
    const step = {
      kind: 'gather',
      inputs: [0, 1],
      rows: [
        [1, 2],
        [3, 4],
      ],
      default: -1,
    } as const;
    expect(run(step, [1, 0])).toEqual([3, 4, 1, 2]);
    for (const index of [-1, 2, 0.5, NAN, Infinity]) expect(run(step, [index, 0])).toEqual([-1, -1, 1, 2]);
  });
});

describe('distances and neighbours', () => {
  it.each([
    ['squared-euclidean', [25, 25, 0]],
    ['euclidean', [5, 5, 0]],
    ['manhattan', [7, 7, 0]],
    ['chebyshev', [4, 4, 0]],
    ['dot', [0, 50, 25]],
    ['cosine', [1, 0, 0]],
  ] as const)('%s', (metric, expected) => {
    const points = [
      [0, 0],
      [6, 8],
      [3, 4],
    ];
    const step = { kind: 'distance', inputs: [0, 1], metric, points, precision: 'float64' } as const;
    expect(run(step, [3, 4])).toEqual(expected);
  });

  it('gives the nearest, equal ones by position, NaN last', () => {
    const step = { kind: 'nearest', inputs: [0, 1, 2, 3] } as const;
    expect(run({ ...step, k: 2 }, [NAN, 7, 3, 3])).toEqual([2, 3, 3, 3]);
    expect(run({ ...step, k: 4 }, [NAN, 7, NAN, 3])).toEqual([3, 1, 0, 2, 3, 7, NAN, NAN]);
  });
});

describe('pairs of classes', () => {
  it('counts votes in the order (0, 1), (0, 2), (1, 2)', () => {
    const step = { kind: 'pairwise', method: 'votes', inputs: [0, 1, 2], classes: 3 } as const;
    expect(run(step, [1, 1, 1])).toEqual([2, 1, 0]);
    expect(run(step, [-1, 0, NAN])).toEqual([0, 1, 2]);
  });

  it('couples pairs that agree into the probabilities that they come from', () => {
    const p = [0.1, 0.2, 0.3, 0.4];
    const pairs = p.flatMap((a, i) => p.slice(i + 1).map((b) => a / (a + b)));
    const inputs = pairs.map((_, i) => i);
    const coupled = run({ kind: 'pairwise', method: 'coupling', inputs, classes: 4 }, pairs);
    coupled.forEach((value, i) => {
      expect(Math.abs(value - p[i]!)).toBeLessThan(0.005);
    });
    expect(coupled.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
    const [first] = run({ kind: 'pairwise', method: 'coupling', inputs: [0], classes: 2 }, [0.3]);
    expect(Math.abs(first! - 0.3)).toBeLessThan(0.005);
  });
});

describe('codes of categories', () => {
  it('stand for positions', () => {
    const step = { kind: 'encode-category', input: 0, categories: [5, 7], missing: 0, unknown: -1 } as const;
    expect([7, 6, NAN].map((x) => run({ ...step, codes: [2.5, NAN] }, [x])[0])).toEqual([NAN, -1, 0]);
    expect(run({ ...step, codes: [2.5, NAN] }, [5])).toEqual([2.5]);
  });
});
