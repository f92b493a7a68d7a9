import { describe, expect, it } from 'vitest';
import { importText, leaf, modelText, predict, split } from './files.ts';

const NAN = Number.NaN;

describe('splits', () => {
  const side = (lines: Record<string, string>, x: number | null) =>
    predict({ trees: [split(lines)] }, [x, 0]).value === -1 ? 'left' : 'right';

  it.each([
    // missing type none: NaN is tested as 0, whatever the default direction
    ['0', '0.5', 'left', 'left'],
    ['2', '-0.5', 'right', 'right'],
    // zero: NaN and what is near zero take the default direction
    ['4', '0.5', 'right', 'right'],
    ['6', '-0.5', 'left', 'left'],
    // NaN: NaN alone does
    ['8', '0.5', 'right', 'left'],
    ['10', '-0.5', 'left', 'right'],
  ])('decision_type %s at %s sends NaN %s and 0 %s', (decision_type, threshold, nan, zero) => {
    expect(side({ decision_type, threshold }, NAN)).toBe(nan);
    expect(side({ decision_type, threshold }, null)).toBe(nan);
    expect(side({ decision_type, threshold }, 0)).toBe(zero);
    expect(side({ decision_type, threshold }, -1e-36)).toBe(zero);
  });

  it('goes left at the threshold itself, and takes infinite ones', () => {
    expect(side({}, 0.5)).toBe('left');
    expect(side({}, 0.5000000000000001)).toBe('right');
    expect(side({ threshold: 'inf' }, Infinity)).toBe('left');
    expect(side({ threshold: '-inf' }, -1e300)).toBe('right');
  });

  it('tests what is near zero as 0, also against thresholds near zero', () => {
    const zero = Math.fround(1e-35);
    expect(side({ threshold: '0' }, 1e-36)).toBe('left');
    expect(side({ threshold: '-1e-36' }, -zero)).toBe('right');
    expect(side({ threshold: '-1.0000000180025095e-35' }, -zero)).toBe('right');
    expect(side({ threshold: '-1.0000000180025095e-35' }, -1.1e-35)).toBe('left');
    expect(side({ threshold: '1.0000000180025095e-35' }, zero)).toBe('left');
    expect(side({ threshold: '1.0000000180025095e-35' }, 1.1e-35)).toBe('right');
  });

  it('sends members of a category set left', () => {
    // bits 0 and 3 of word 0; bit 1 of word 1 is category 33
    const lines = {
      num_cat: '1',
      decision_type: '1',
      threshold: '0',
      cat_boundaries: '0 2',
      cat_threshold: '9 2',
    };
    for (const x of [0, 3, 33, 33.9, -0.5]) expect(side(lines, x)).toBe('left');
    for (const x of [1, 32, 64, -1, 1e12, Infinity, NAN]) expect(side(lines, x)).toBe('right');
  });

  it('reads words of 32 bits', () => {
    const lines = {
      num_cat: '1',
      decision_type: '1',
      threshold: '0',
      cat_boundaries: '0 1',
      cat_threshold: '2147483648',
    };
    expect(side(lines, 31)).toBe('left');
    expect(side(lines, 30)).toBe('right');
  });

  it('answers linear leaves, and leaf_value when one of their features is NaN', () => {
    const linear = {
      is_linear: '1',
      leaf_const: '0.5 7',
      num_features: '2 0',
      leaf_features: '0 1  ',
      leaf_coeff: '2 3  ',
    };
    expect(predict({ trees: [split(linear)] }, [0.25, 10]).value).toBe(31);
    expect(predict({ trees: [split(linear)] }, [0.25, null]).value).toBe(-1);
    expect(predict({ trees: [split(linear)] }, [1, null]).value).toBe(7);
  });

  it('takes a linear tree of one leaf', () => {
    const tree = {
      ...leaf('3'),
      is_linear: '1',
      leaf_const: '4',
      num_features: '1',
      leaf_features: '1',
      leaf_coeff: '2',
    };
    expect(predict({ trees: [tree] }, [0, 5]).value).toBe(14);
  });
});

describe('objectives', () => {
  /** Two trees of one leaf sum to -2. */
  const value = (objective: string | null, header: Record<string, string | null> = {}) =>
    predict({ header: { objective, ...header }, trees: [leaf('-1.5'), leaf('-0.5')] }, [0, 0]);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  it.each([
    ['regression', -2],
    ['regression sqrt', -4],
    ['regression_l1', -2],
    ['regression_l1 sqrt', -4],
    ['huber', -2],
    ['huber sqrt', -2],
    ['fair', -2],
    ['quantile', -2],
    ['mape', -2],
    ['poisson', Math.exp(-2)],
    ['gamma', Math.exp(-2)],
    ['tweedie', Math.exp(-2)],
    ['cross_entropy', sigmoid(-2)],
    ['cross_entropy_lambda', Math.log1p(Math.exp(-2))],
    ['lambdarank', -2],
    ['rank_xendcg', -2],
    ['custom', -2],
    ['binary sigmoid:1', sigmoid(-2)],
    ['binary sigmoid:0.5', sigmoid(-1)],
    [null, -2],
  ])('%s', (objective, expected) => {
    const prediction = value(objective);
    expect(prediction.value).toBe(expected);
    expect(prediction.raw).toEqual([-2]);
  });

  it.each([
    ['709.7', 709.7],
    // exp is Infinity from 709.782712893384 on, and so is std::log1p(std::exp(x)), which LightGBM 4 writes.
    ['709.79', Number.POSITIVE_INFINITY],
    ['1e300', Number.POSITIVE_INFINITY],
    ['-750', 0],
  ])('cross_entropy_lambda of a raw score of %s', (raw, expected) => {
    const model = { header: { objective: 'cross_entropy_lambda' }, trees: [leaf(raw)] };
    expect(predict(model, [0, 0])).toMatchObject({ value: expected, raw: [Number(raw)] });
  });

  it('averages random forests for the prediction only', () => {
    const prediction = value('regression', { average_output: '' });
    expect(prediction).toMatchObject({ value: -1, raw: [-2] });
    expect(importText(modelText({ header: { average_output: '' } })).source.notes).toHaveLength(1);
  });

  it('gives tasks', () => {
    const task = (objective: string | null) => importText(modelText({ header: { objective } })).model.task;
    expect(task('binary sigmoid:1')).toBe('binary');
    expect(task('lambdarank')).toBe('ranking');
    expect(task('cross_entropy')).toBe('regression');
    expect(task(null)).toBe('regression');
  });

  it('labels class 1 above one half, and class 0 at it', () => {
    const label = (x: string) =>
      predict({ header: { objective: 'binary sigmoid:1' }, trees: [leaf(x)] }, [0, 0], {
        labels: ['stays', 'leaves'],
      });
    expect(label('0')).toEqual({
      value: 0.5,
      label: 'stays',
      probabilities: { stays: 0.5, leaves: 0.5 },
      raw: [0],
    });
    expect(label('1e-15').label).toBe('leaves');
    expect(label('-3').label).toBe('stays');
  });

  const three = { num_class: '3', num_tree_per_iteration: '3' };
  const leaves = [leaf('0'), leaf('2'), leaf('1')];

  it('multiclass: softmax, argmax', () => {
    const prediction = predict(
      { header: { ...three, objective: 'multiclass num_class:3' }, trees: leaves },
      [0, 0],
    );
    const sum = Math.exp(-2) + 1 + Math.exp(-1);
    expect(prediction).toMatchObject({ value: 1, label: '1', raw: [0, 2, 1] });
    expect(prediction.probabilities).toEqual({ 0: Math.exp(-2) / sum, 1: 1 / sum, 2: Math.exp(-1) / sum });
  });

  it('multiclassova: a sigmoid each, not normalised', () => {
    const header = { ...three, objective: 'multiclassova num_class:3 sigmoid:2' };
    const prediction = predict({ header, trees: leaves }, [0, 0], { labels: ['a', 'b', 'c'] });
    expect(prediction.probabilities).toEqual({ a: 0.5, b: sigmoid(4), c: sigmoid(2) });
    expect(prediction).toMatchObject({ value: 1, label: 'b' });
  });

  it('a custom objective of several outputs gives them all', () => {
    const prediction = predict({ header: { ...three, objective: null }, trees: leaves }, [0, 0]);
    expect(prediction).toEqual({
      value: 0,
      label: null,
      probabilities: null,
      raw: [0, 2, 1],
      values: [0, 2, 1],
    });
  });

  it('takes trees by turns', () => {
    const header = { ...three, objective: 'multiclass num_class:3' };
    const prediction = predict({ header, trees: [...leaves, leaf('10'), leaf('20'), leaf('30')] }, [0, 0]);
    expect(prediction.raw).toEqual([10, 22, 31]);
  });
});

describe('features', () => {
  it('takes odd names as they are, and names from the caller', () => {
    const header = { feature_names: 'a=b $$\'"' };
    const names = (options?: { features: string[] }) =>
      importText(modelText({ header }), options).model.features.map(({ name }) => name);
    expect(names()).toEqual(['a=b', '$$\'"']);
    expect(names({ features: ['x', 'größe'] })).toEqual(['x', 'größe']);
  });

  it('tells the codes of categorical features', () => {
    const { model } = importText(modelText({ header: { feature_infos: '-1:2:0:1 none' } }));
    expect(model.features).toEqual([
      { kind: 'number', name: 'a', integer: true, categories: [0, 1, 2] },
      { kind: 'number', name: 'b' },
    ]);
  });

  it('reads files with Windows line breaks', () => {
    expect(importText(modelText().replaceAll('\n', '\r\n')).model).toEqual(importText(modelText()).model);
  });
});

describe('options', () => {
  it.each([
    [{ labels: ['a', 'b'] }, '2 labels were given, but the model is no classifier'],
    [{ features: ['a'] }, '1 feature names were given, but the model has 2 features'],
  ])('%j', (options, message) => {
    expect(() => importText(modelText(), options)).toThrow(message);
  });
});
