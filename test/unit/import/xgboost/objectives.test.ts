import { describe, expect, it } from 'vitest';
import { parseBaseScore } from '../../../../src/import/xgboost/objective.ts';
import { leaf, stump } from './files.ts';
import { importSpec, score } from './score.ts';

const f32 = Math.fround;

describe('objectives of one output', () => {
  it.each([
    'reg:squarederror',
    'reg:linear',
    'reg:squaredlogerror',
    'reg:pseudohubererror',
    'reg:absoluteerror',
    'reg:quantileerror',
    'reg:expectileerror',
    'rank:pairwise',
    'rank:ndcg',
    'rank:map',
  ])('%s predicts base_score plus the leaf', (objective) => {
    // f32(0.1) + f32(0.2) = 0.30000000447…, rounded to float32.
    const expected = f32(f32(0.1) + f32(0.2));
    const { value, raw, label } = score({ objective, baseScore: '[1E-1]', trees: [leaf(f32(0.2))] });
    expect([value, ...raw, label]).toEqual([expected, expected, null]);
  });

  it.each(['reg:gamma', 'reg:tweedie', 'count:poisson', 'survival:cox', 'survival:aft'])(
    '%s starts at log(base_score) and predicts exp',
    (objective) => {
      // log(2) + 1, both in float32; exp of it is 2e.
      const { value, raw } = score({ objective, baseScore: '[2E0]', trees: [leaf(1)] });
      expect(raw).toEqual([f32(f32(Math.LN2) + 1)]);
      expect(value).toBeCloseTo(2 * Math.E, 6);
    },
  );

  it.each(['reg:logistic', 'binary:logistic'])('%s starts at the logit', (objective) => {
    // logit(0.25) = -log(1 / 0.25 - 1) = -log(3); the leaf adds log(3) + 1, so the sigmoid is of 1.
    const { value, raw } = score({ objective, baseScore: '[2.5E-1]', trees: [leaf(f32(Math.log(3) + 1))] });
    expect(raw[0]).toBeCloseTo(1, 6);
    expect(value).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  it('gives a task to each family', () => {
    const taskOf = (objective: string) =>
      importSpec({ objective, baseScore: '[5E-1]', trees: [leaf(0)] }).model.task;
    expect(taskOf('reg:gamma')).toBe('regression');
    expect(taskOf('survival:aft')).toBe('survival');
    expect(taskOf('rank:ndcg')).toBe('ranking');
    expect(taskOf('binary:hinge')).toBe('binary');
  });
});

describe('binary classifiers', () => {
  it('name the class whose probability is greater than one half, not equal to it', () => {
    const at = (margin: number) =>
      score({ objective: 'binary:logistic', baseScore: '[5E-1]', trees: [leaf(margin)] });
    expect(at(0)).toMatchObject({ value: 0.5, label: '0', probabilities: { 0: 0.5, 1: 0.5 } });
    expect(at(f32(1e-3)).label).toBe('1');
    expect(at(f32(-1e-3)).label).toBe('0');
    // The sigmoid of 1e-9 is one half in float32: XGBoost's classifier sees no second class.
    expect(at(f32(1e-9))).toMatchObject({ value: 0.5, label: '0' });
  });

  it('take labels from the caller', () => {
    const spec = { objective: 'binary:logistic', baseScore: '[5E-1]', trees: [leaf(4)] };
    const { label, probabilities } = score(spec, [0], { labels: ['stays', 'leaves'] });
    expect(label).toBe('leaves');
    expect(Object.keys(probabilities!)).toEqual(['stays', 'leaves']);
    expect(() => score(spec, [0], { labels: ['a'] })).toThrow(/1 labels were given, but the model has 2/);
    expect(() => score(spec, [0], { labels: ['a', 'a'] })).toThrow(/of another name/);
    expect(() => score({ trees: [leaf(0)] }, [0], { labels: ['a', 'b'] })).toThrow(/is no classifier/);
  });

  it('predict the margin itself for logitraw, with probabilities beside it', () => {
    // The base score is no probability here: 0.5 stays 0.5.
    const spec = { objective: 'binary:logitraw', baseScore: '[5E-1]', trees: [leaf(1)] };
    const { value, raw, label, probabilities } = score(spec);
    expect([value, ...raw]).toEqual([1.5, 1.5]);
    expect(probabilities![1]).toBeCloseTo(1 / (1 + Math.exp(-1.5)), 6);
    expect(label).toBe('1');
    expect(importSpec(spec).source.notes.join()).toMatch(/before the logistic function/);
  });

  it('predict 0 or 1 for hinge, 1 only above 0, and give no probabilities', () => {
    const at = (margin: number) =>
      score({ objective: 'binary:hinge', baseScore: '[0E0]', trees: [leaf(margin)] });
    expect(at(0)).toMatchObject({ value: 0, label: '0', probabilities: null });
    expect(at(2 ** -149)).toMatchObject({ value: 1, label: '1' });
  });

  it('predict several labels at once as values', () => {
    const spec = {
      objective: 'binary:logistic',
      baseScore: '5E-1',
      numTarget: 2,
      trees: [leaf(0), leaf(2)],
      treeInfo: [0, 1],
    };
    const { value, values, label } = score(spec);
    expect([value, label]).toEqual([0.5, null]);
    expect(values![1]).toBeCloseTo(1 / (1 + Math.exp(-2)), 6);
    expect(importSpec(spec).source.notes.join()).toMatch(/2 labels at once/);
  });
});

describe('multi-class', () => {
  const trees = (...margins: number[]) => ({
    numClass: margins.length,
    baseScore: '5E-1',
    trees: margins.map(leaf),
    treeInfo: margins.map((_, q) => q),
  });

  it.each(['multi:softmax', 'multi:softprob'])('%s predicts the first of equal classes', (objective) => {
    const { value, label, raw, probabilities } = score({ objective, ...trees(1, 3, 3) });
    expect([value, label]).toEqual([1, '1']);
    expect(raw).toEqual([1.5, 3.5, 3.5]);
    // exp(-2), 1, 1 over their sum
    expect(probabilities![0]).toBeCloseTo(Math.exp(-2) / (2 + Math.exp(-2)), 6);
    expect(probabilities![2]).toBe(probabilities![1]);
  });

  it('compares margins for softmax, and probabilities for softprob', () => {
    // Both margins are exact in float32. exp(-2^-25) is 1 - 2^-25, which is 1 in float32: equal probabilities.
    const close = { ...trees(0, 2 ** -25), baseScore: '0E0' };
    expect(score({ objective: 'multi:softmax', ...close }).value).toBe(1);
    expect(score({ objective: 'multi:softprob', ...close }).value).toBe(0);
  });

  it('takes one label a class', () => {
    const options = { labels: ['low', 'middle', 'high'] };
    expect(score({ objective: 'multi:softprob', ...trees(0, 0, 1) }, [0], options).label).toBe('high');
    expect(() => score({ objective: 'multi:softprob', ...trees(0, 0) }, [0], options)).toThrow(
      /3 labels were given, but the model has 2/,
    );
  });
});

describe('base_score', () => {
  it('is read as one number or as a list, in any of its forms', () => {
    expect(parseBaseScore('5E-1')).toEqual([0.5]);
    expect(parseBaseScore('[1E0,-2.5E-1]')).toEqual([1, -0.25]);
    expect(parseBaseScore(' ( 1 , 2 ) ')).toEqual([1, 2]);
    expect(parseBaseScore('[]')).toEqual([Number.NaN]);
  });

  it('starts each output at its own number', () => {
    const spec = { baseScore: '[1E0,-2E0]', numTarget: 2, trees: [stump(0, 8)], treeInfo: [1] };
    expect(score(spec, [1]).values).toEqual([1, 6]);
    expect(score({ ...spec, baseScore: '3E0' }, [0]).values).toEqual([3, 3]);
    expect(() => score({ ...spec, baseScore: '[1,2,3]' })).toThrow(/3 numbers, but the model 2 outputs/);
  });

  it('is kept away from 0 and 1 from XGBoost 3.2 on, where a probability is needed', () => {
    const spec = { objective: 'binary:logistic', baseScore: '[1E0]', trees: [leaf(0)] };
    // -log(1 / (1 - 1e-6) - 1), the inner terms in float32: 1 - 1e-6 is 0.99999898672…
    const bounded = f32(1 - f32(1e-6));
    expect(score(spec).raw[0]).toBe(-f32(Math.log(f32(f32(1 / bounded) - 1))));
    expect(() => score({ ...spec, version: [3, 1, 0] })).toThrow(/base_score is '\[1E0\]', which/);
    expect(() => score({ ...spec, baseScore: '[1.5E0]' })).toThrow(/cannot have/);
  });

  it.each([
    ['count:poisson', '[0E0]'],
    ['reg:gamma', '[-1E0]'],
    ['reg:squarederror', 'NaN'],
    ['reg:squarederror', ''],
  ])('is refused by %s when it is %s', (objective, baseScore) => {
    expect(() => score({ objective, baseScore, trees: [leaf(0)] })).toThrow(/cannot have/);
  });
});

describe('expectiles', () => {
  const spec = { objective: 'reg:expectileerror', numTarget: 3, treeInfo: [1] };

  it('come back from the base scores alone: the link undoes what made them margins', () => {
    const { value, values, raw } = score({ ...spec, baseScore: '[1E0,2E0,4E0]', trees: [leaf(0)] });
    expect(value).toBe(1);
    values!.forEach((each, q) => {
      expect(each).toBeCloseTo([1, 2, 4][q]!, 6);
    });
    // softplus(x) = 1 - 1e-6 at x = log(e^(1 - 1e-6) - 1)
    expect(raw[1]).toBeCloseTo(Math.log(Math.expm1(1 - 1e-6)), 6);
  });

  it('never cross: each adds 1e-6 and the softplus of its margin to the one before', () => {
    // Margin 1 becomes about 0.54 - 100: its softplus is 0 in float32, so 1e-6 is added to 1 and then to nothing.
    const { values } = score({ ...spec, baseScore: '[1E0,2E0,4E0]', trees: [leaf(-1000)] });
    expect(values![1]).toBe(f32(1 + f32(f32(1e-6))));
    expect(values![2]! - values![1]!).toBeCloseTo(2, 5);
  });

  it('stand thousands apart without overflow', () => {
    const { values } = score({ ...spec, baseScore: '[1E3,3E3,9E3]', trees: [leaf(0)] });
    expect(values).toEqual([1000, 3000, 9000]);
  });
});

it('refuses an objective that XGBoost does not know, as XGBoost does', () => {
  expect(() => score({ objective: 'my:own', trees: [leaf(0)] })).toThrow(
    expect.objectContaining({ code: 'PGS_UNSUPPORTED' }),
  );
});
