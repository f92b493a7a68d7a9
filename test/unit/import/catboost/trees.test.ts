import { describe, expect, it } from 'vitest';
import { fileOf, importFile, oblivious, predict, raws } from './files.ts';

describe('oblivious trees', () => {
  it('take the first split for the lowest bit', () => {
    // Tests 0 and 1 are x0 > 0.5 and x1 > 0.5; leaf = (x0 > 0.5) + 2 * (x1 > 0.5).
    const spec = {
      floats: [{ borders: [0.5] }, { borders: [0.5] }],
      trees: [oblivious([0, 1], [1, 2, 3, 4])],
    };
    expect(
      raws(spec, [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ]),
    ).toEqual([1, 2, 3, 4]);
  });

  it('compare float32 values, a value on the border being low', () => {
    // 0.1 as float32 is 0.10000000149011612: the doubles 0.1 and 0.10000000149 round to the border itself.
    const spec = { floats: [{ borders: [0.10000000149011612] }], trees: [oblivious([0], [1, 2])] };
    expect(raws(spec, [[0.1], [0.10000000149], [0.10000002]])).toEqual([1, 1, 2]);
  });

  it('number tests across features, unused features having none', () => {
    const spec = {
      floats: [{ borders: [1, 2] }, { borders: [] }, { borders: [3] }],
      trees: [oblivious([2], [10, 20]), oblivious([1], [0.5, 0.25])],
    };
    expect(
      raws(spec, [
        [2.5, 0, 3.5],
        [2, 0, 3],
      ]),
    ).toEqual([20.25, 10.5]);
  });

  it.each([
    ['AsIs', true, 1],
    ['AsFalse', true, 1],
    ['AsTrue', true, 2],
    // CatBoost replaces NaNs only when training met some.
    ['AsTrue', false, 1],
  ] as const)('send a missing value by %s (NaNs in training: %s)', (nan, hasNans, expected) => {
    const spec = { floats: [{ borders: [0.5], nan, hasNans }], trees: [oblivious([0], [1, 2])] };
    expect(raws(spec, [[null], [Number.NaN]])).toEqual([expected, expected]);
  });

  it('leave out contradictory paths and needless splits', () => {
    // x > 2 implies x > 1, so leaf 2 (not x > 1, but x > 2) is never reached; the second tree never matters.
    const spec = {
      floats: [{ borders: [1, 2], nan: 'AsTrue' as const, hasNans: true }],
      trees: [oblivious([0, 1], [1, 2, 99, 4]), oblivious([0, 1], [7, 7, 7, 7])],
    };
    expect(raws(spec, [[0.5], [1.5], [2.5], [null]])).toEqual([8, 9, 11, 11]);
    const [step] = importFile(fileOf(spec)).model.steps;
    expect(step).toMatchObject({
      trees: [
        { leaves: [1, 2, 4], splits: { threshold: [1, 2] } },
        { leaves: [7], splits: { threshold: [] } },
      ],
    });
  });

  it('hold one value an output, leaf by leaf', () => {
    const spec = {
      loss: 'MultiRMSE',
      floats: [{ borders: [0.5] }],
      trees: [oblivious([0], [1, 2, 3, 4]), oblivious([], [10, 20])],
    };
    expect(predict(spec, [[0], [1]])).toMatchObject([
      { raw: [11, 22], values: [11, 22], value: 11 },
      { raw: [13, 24], values: [13, 24], value: 13 },
    ]);
  });
});

describe('trees of other shapes', () => {
  it('send a test that holds to the right', () => {
    const branching = [
      {
        split: { split_index: 0, border: 0.5 },
        left: { value: 1, weight: 3 },
        right: { split: { split_index: 1 }, left: { value: 2 }, right: { value: 4 } },
      },
    ];
    const spec = { floats: [{ borders: [0.5] }, { borders: [3] }], branching };
    expect(
      raws(spec, [
        [0, 9],
        [1, 3],
        [1, 3.5],
      ]),
    ).toEqual([1, 2, 4]);
  });

  it('hold a list of values for several outputs', () => {
    const branching = [{ split: { split_index: 0 }, left: { value: [1, 2] }, right: { value: [3, 4] } }];
    const [low, high] = predict({ loss: 'MultiRMSE', floats: [{ borders: [0.5] }], branching }, [[0], [1]]);
    expect([low!.raw, high!.raw]).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe('scale and bias', () => {
  const base = { floats: [{ borders: [0.5] }], trees: [oblivious([0], [0.1, 1]), oblivious([0], [0.2, 2])] };

  it('are applied to the finished sum: scale * sum + bias', () => {
    // In float64, 0.1 + 0.2 = 0.30000000000000004; times 3, plus 0.7.
    expect(raws({ ...base, scaleAndBias: [3, [0.7]] }, [[0], [1]])).toEqual([(0.1 + 0.2) * 3 + 0.7, 9.7]);
  });

  it('may be absent, one number, or without a bias', () => {
    expect(raws(base, [[1]])).toEqual([3]);
    expect(raws({ ...base, scaleAndBias: [1, 0.5] }, [[1]])).toEqual([3.5]);
    expect(raws({ ...base, scaleAndBias: [2, []] }, [[1]])).toEqual([6]);
    expect(raws({ ...base, scaleAndBias: [2, null] }, [[1]])).toEqual([6]);
  });

  it('give each output its own bias', () => {
    const spec = {
      loss: 'MultiRMSE',
      floats: [{ borders: [] }],
      trees: [oblivious([], [1, 2])],
      scaleAndBias: [2, [10, 20]],
    };
    expect(predict(spec, [[0]])[0]!.raw).toEqual([12, 24]);
  });

  it('alone score a model without trees', () => {
    expect(raws({ floats: [{ borders: [] }], scaleAndBias: [1, [4]] }, [[0]])).toEqual([4]);
  });
});

describe('the signature', () => {
  it('names features by the file, by the options, or by their column', () => {
    const file = fileOf({
      floats: [{ borders: [], name: 'age' }, { borders: [] }],
      categoricals: [{ name: 'city' }],
    });
    const names = (options = {}) => importFile(file, options).model.features.map(({ name }) => name);
    expect(names()).toEqual(['age', 'f1', 'city']);
    expect(names({ features: ['a', 'b', 'c'] })).toEqual(['a', 'b', 'c']);
    expect(() => names({ features: ['a'] })).toThrow(expect.objectContaining({ code: 'PGS_USAGE' }));
  });

  it('follows the columns of the training data', () => {
    const file = fileOf({
      floats: [{ borders: [0.5] }],
      categoricals: [{ name: 'city' }],
      trees: [oblivious([0], [1, 2])],
    });
    const info = file.features_info as Record<string, { flat_feature_index: number }[]>;
    info.float_features![0]!.flat_feature_index = 1;
    info.categorical_features![0]!.flat_feature_index = 0;
    const { model } = importFile(file);
    expect(model.features.map(({ kind }) => kind)).toEqual(['text', 'number']);
    expect(model.steps[0]).toMatchObject({ inputs: [1] });
  });

  it('states version and loss', () => {
    expect(importFile(fileOf({ floats: [{ borders: [] }] })).source).toMatchObject({
      format: 'catboost-json',
      formatVersion: '1.2.10',
      objective: 'RMSE',
    });
  });
});
