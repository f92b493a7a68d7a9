import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { LinkFunction, Model } from '../../../src/ir/model.ts';
import { ensemble, NO_SPLITS, regression, stump, textClassifier } from './models.ts';

const NAN = Number.NaN;

/** Which leaf (10 left, 20 right) a stump at threshold 1 gives. */
function side(test: number, x: number | null, comparison: '<' | '<=' = '<='): string {
  const model = regression([ensemble([stump({ test, threshold: 1 })], { comparison })]);
  return evaluate(model, [x]).prediction.value === 10 ? 'left' : 'right';
}

describe('splits', () => {
  it.each([
    [0, 'left'],
    [1, 'right'],
    [2, 'left'],
    [3, 'left'],
    [4, 'right'],
  ])('test %i sends NaN and NULL %s', (test, expected) => {
    expect(side(test, NAN)).toBe(expected);
    expect(side(test, null)).toBe(expected);
  });

  it('compares with <= or <', () => {
    expect(side(0, 1)).toBe('left');
    expect(side(0, 1, '<')).toBe('right');
    expect(side(0, 1 + Number.EPSILON)).toBe('right');
    expect(side(0, -Infinity)).toBe('left');
    expect(side(0, Infinity)).toBe('right');
  });

  it('takes |x| up to 1e-35 as a float32 for zero', () => {
    const zero = Math.fround(1e-35);
    for (const x of [0, -0, 1e-36, zero, -zero]) {
      expect(side(3, x)).toBe('left');
      expect(side(4, x)).toBe('right');
    }
    expect(side(4, 1e-34)).toBe('left');
  });

  it('truncates categories, and sends strangers right', () => {
    const leaf = (test: number, x: number) =>
      evaluate(regression([ensemble([stump({ test, threshold: 0, sets: [[0, 2]] })])]), [x]).prediction.value;
    for (const x of [0, -0, -0.9, 2, 2.9]) expect(leaf(5, x)).toBe(10);
    for (const x of [-1, 1, 3, 1e300, Infinity, -Infinity]) expect(leaf(5, x)).toBe(20);
    expect(leaf(5, NAN)).toBe(10);
    expect(leaf(6, NAN)).toBe(20);
  });

  it('rounds inputs to float32 when the model says so', () => {
    const model = regression([
      ensemble([stump({ test: 0, threshold: Math.fround(0.1) })], {
        inputPrecision: 'float32',
        comparison: '<',
      }),
    ]);
    // 0.1 as a double lies below float32(0.1), but rounds to it.
    expect(evaluate(model, [0.1]).prediction.value).toBe(20);
  });
});

describe('sums', () => {
  it('adds in tree order, every step rounded to the accumulator', () => {
    const leaves = [1e8, 1, -1e8].map((leaf) => ({
      output: 0,
      weight: 1,
      splits: NO_SPLITS,
      leaves: [leaf],
    }));
    expect(evaluate(regression([ensemble(leaves)]), [0]).prediction.value).toBe(1);
    expect(evaluate(regression([ensemble(leaves, { accumulator: 'float32' })]), [0]).prediction.value).toBe(
      0,
    );
  });

  it('starts from the base and weighs leaves, the product rounded too', () => {
    const tree = { output: 0, weight: 0.1, splits: NO_SPLITS, leaves: [3] };
    const model = regression([ensemble([tree], { base: [1], accumulator: 'float32' })]);
    expect(evaluate(model, [0]).prediction.value).toBe(Math.fround(1 + Math.fround(3 * 0.1)));
  });

  it('keeps outputs apart, and reads leaf-major values for all of them', () => {
    const trees = [
      { output: 1, weight: 1, splits: NO_SPLITS, leaves: [5] },
      stump({ test: 0, threshold: 0 }, { output: 'all', leaves: [1, 2, 3, 4] }),
    ];
    const model = regression([ensemble(trees, { outputs: 2, base: [100, 200] })]);
    expect(evaluate(model, [-1]).registers).toEqual([-1, 101, 207]);
    expect(evaluate(model, [1]).registers).toEqual([1, 103, 209]);
  });

  it('answers linear leaves, and the constant leaf when a feature of it is NaN', () => {
    const linear = { constant: [0.5, 7], features: [[0, 1], []], coefficients: [[2, 3], []] };
    const model = regression([ensemble([stump({ test: 0, threshold: 5 }, { linear })], {}, 2)], 2);
    expect(evaluate(model, [1, 10]).prediction.value).toBe(32.5);
    expect(evaluate(model, [1, null]).prediction.value).toBe(10);
    expect(evaluate(model, [6, null]).prediction.value).toBe(7);
  });

  it('sums linear steps, with missing skipped or propagated', () => {
    const step = {
      kind: 'linear',
      inputs: [0, 1],
      inputPrecision: 'float64',
      accumulator: 'float64',
      weights: [[2, 3]],
      bias: [1],
    } as const;
    expect(evaluate(regression([{ ...step, missing: 'skip' }], 2), [1, null]).prediction.value).toBe(3);
    expect(evaluate(regression([{ ...step, missing: 'skip' }], 2), [1, 1]).prediction.value).toBe(6);
    expect(
      evaluate(regression([{ ...step, missing: 'propagate' }], 2), [1, null]).prediction.value,
    ).toBeNull();
  });
});

describe('links', () => {
  function link(fn: LinkFunction, row: readonly number[]): readonly number[] {
    const inputs = row.map((_, i) => i);
    const model: Model = regression(
      [{ kind: 'link', inputs, precision: 'float64', function: fn }],
      row.length,
    );
    return evaluate(model, row).registers.slice(row.length);
  }

  it('computes each function', () => {
    expect(link({ name: 'sigmoid', scale: 2 }, [0, 1])).toEqual([0.5, 1 / (1 + Math.exp(-2))]);
    expect(link({ name: 'exp' }, [0, 1])).toEqual([1, Math.E]);
    expect(link({ name: 'softplus' }, [0, 800])).toEqual([Math.LN2, 800]);
    expect(link({ name: 'signed-square' }, [-3, 2])).toEqual([-9, 4]);
    expect(link({ name: 'step' }, [-1, 0, 1e-300])).toEqual([0, 0, 1]);
    expect(link({ name: 'complement' }, [0.25])).toEqual([0.75]);
    expect(link({ name: 'divide', divisor: 4 }, [1])).toEqual([0.25]);
    expect(link({ name: 'softmax' }, [7, 7])).toEqual([0.5, 0.5]);
    expect(link({ name: 'argmax' }, [1, 3, 3])).toEqual([1]);
  });

  it('rounds to the precision', () => {
    const step = { kind: 'link', inputs: [0], precision: 'float32', function: { name: 'exp' } } as const;
    expect(evaluate(regression([step]), [1]).prediction.value).toBe(Math.fround(Math.E));
  });
});

describe('predictions', () => {
  it('gives label and probabilities', () => {
    const p = 1 / (1 + Math.exp(1));
    expect(evaluate(textClassifier(), ['red', 1])).toEqual({
      registers: [NAN, 1, 0, -1, p, 1 - p, 0],
      prediction: { value: p, label: 'no', probabilities: { no: 1 - p, yes: p }, raw: [-1] },
    });
  });

  it('codes unknown and missing categories as the step says', () => {
    const register = (value: string | null) => evaluate(textClassifier(), [value, 1]).registers[2];
    expect(register('green')).toBe(1);
    expect(register('blue')).toBe(-1);
    expect(register('Red')).toBe(-1);
    expect(register(null)).toBeNaN();
  });

  it('refuses rows that do not fit', () => {
    expect(() => evaluate(textClassifier(), ['red'])).toThrow(TypeError);
    expect(() => evaluate(textClassifier(), [1, 1])).toThrow('Feature colour needs a text, but got number.');
    expect(() => evaluate(textClassifier(), ['red', 'big'])).toThrow(TypeError);
  });
});
