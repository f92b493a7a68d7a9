import { describe, expect, it } from 'vitest';
import { combineHash } from '../../../../src/import/catboost/hash.ts';
import { type CtrSpec, ctrsOf } from './ctrs.ts';
import { type FileSpec, fileOf, HASHES, importFile, named, oblivious, raws } from './files.ts';

const f32 = Math.fround;
const { alpha, beta, gamma } = HASHES;

/** A model that answers the number of the first border of its only statistic that the row does not pass. */
function staircase(spec: CtrSpec, rest: FileSpec = {}): FileSpec {
  const { ctrs, tables } = ctrsOf([spec]);
  const floats = rest.floats ?? [];
  const first =
    floats.reduce((n, { borders }) => n + borders.length, 0) +
    (rest.categoricals ?? []).reduce((n, { values }) => n + (values?.length ?? 0), 0);
  return {
    categoricals: spec.of.map(() => ({})),
    ...rest,
    tables,
    features: { cat_features_hash: named('alpha', 'beta', 'gamma'), ctrs, ...rest.features },
    trees: spec.borders.map((_, i) => oblivious([first + i], [0, 1])),
  };
}

/** The value of a statistic per row, read off borders right below and at each expected value. */
function isExactly(spec: Omit<CtrSpec, 'borders'>, text: string | null, value: number): boolean {
  const below = Math.fround(value - Math.abs(value) * 1e-7 - 1e-30);
  const [passes] = raws(staircase({ ...spec, borders: [below, value] }), [[text]]);
  return passes === 1;
}

describe('the hash of combinations', () => {
  it.each([
    // FACTOR * (0 + FACTOR * part) mod 2^64, worked out in Python.
    [[1296865003], 7657953995089179699n],
    [[2872234582 | 0], 6946772444896090342n],
    [[1296865003, 593172586], 16921193716488056057n],
    [[1564428181, 4277023987 | 0], 12923446756862442588n],
    [[1296865003, 1, 0], 7566337719604273112n],
  ])('of %j', (parts, expected) => {
    expect(parts.reduce(combineHash, 0n)).toBe(expected);
  });
});

describe('one-hot categories', () => {
  // Tests 0 and 1 are city = alpha and city = gamma, the latter's hash written as a signed number.
  const spec: FileSpec = {
    categoricals: [{ name: 'city', values: [alpha, gamma | 0] }],
    features: { cat_features_hash: named('alpha', 'beta', 'gamma') },
    trees: [oblivious([0, 1], [1, 2, 3, 4])],
  };

  it('match the text, and nothing matches another text or a missing one', () => {
    expect(raws(spec, [['alpha'], ['gamma'], ['beta'], ['Alpha'], [''], [null]])).toEqual([2, 3, 1, 1, 1, 1]);
  });

  it('are the signature of a text feature', () => {
    expect(importFile(fileOf(spec)).model.features).toEqual([
      { kind: 'text', name: 'city', categories: ['alpha', 'gamma'] },
    ]);
  });

  it('may be named beside their hashes', () => {
    const file = fileOf({ ...spec, features: {} });
    const info = file.features_info as { categorical_features: Record<string, unknown>[] };
    info.categorical_features[0]!.string_values = ['alpha', 'gamma'];
    expect(importFile(file).model.features[0]).toMatchObject({ categories: ['alpha', 'gamma'] });
  });

  it('of one hash are one category', () => {
    const names = [...named('alpha', 'gamma'), { hash: alpha, value: 'of the same hash' }];
    expect(
      raws({ ...spec, features: { cat_features_hash: names } }, [['of the same hash'], ['alpha']]),
    ).toEqual([2, 2]);
  });

  it.each([
    ['none', []],
    ['some', named('alpha')],
  ])('without names are told by the hash of the text: the file names %s', (_, names) => {
    const unnamed = { ...spec, features: { cat_features_hash: names } };
    expect(raws(unnamed, [['alpha'], ['gamma'], ['beta'], ['Alpha'], [''], [null]])).toEqual([
      2, 3, 1, 1, 1, 1,
    ]);
  });

  it('that no tree tests need no names', () => {
    expect(raws({ ...spec, features: {}, trees: [oblivious([], [5])] }, [['alpha']])).toEqual([5]);
  });
});

describe('target statistics of one feature', () => {
  const shared = { of: [0], prior: 0.5, shift: 0.25, scale: 15 };
  /** ((good + 0.5) / (total + 1) + 0.25) * 15, each operation in float32. */
  const value = (good: number, total: number) => f32(f32(f32(f32(good + 0.5) / f32(total + 1)) + 0.25) * 15);

  it.each([
    ['Borders of two classes', 'Borders', 5, [4, 2], value(2, 6), value(0, 0)],
    ['Borders of three classes', 'Borders', 0, [4, 2, 1], value(3, 7), value(0, 0)],
    ['the second border of three classes', 'Borders', 1, [4, 2, 1], value(1, 7), value(0, 0)],
    ['Buckets', 'Buckets', 2, [4, 2, 1], value(1, 7), value(0, 0)],
    ['BinarizedTargetMeanValue', 'BinarizedTargetMeanValue', 0, [2.5, 6], value(2.5, 6), value(0, 0)],
    ['FloatTargetMeanValue', 'FloatTargetMeanValue', 0, [2.5, 6], value(2.5, 6), value(0, 0)],
    // A category that training never met was counted 0 times of all.
    ['Counter', 'Counter', 0, [3], value(3, 9), value(0, 9)],
    ['FeatureFreq', 'FeatureFreq', 0, [3], value(3, 9), value(0, 9)],
  ] as const)('%s', (_, type, target, counts, known, other) => {
    const spec = { ...shared, type, target, rows: [[[alpha], counts]] as const, total: 9 };
    expect(isExactly(spec, 'alpha', known)).toBe(true);
    for (const text of ['beta', 'unheard of', null]) expect(isExactly(spec, text, other)).toBe(true);
  });

  it('take the place of free entries for none', () => {
    const file = fileOf(staircase({ ...shared, type: 'Counter', borders: [1], rows: [[[alpha], [3]]] }));
    const [table] = Object.values(file.ctr_data as Record<string, { hash_map: unknown[] }>);
    table!.hash_map.push('18446744073709551615', 77);
    expect(importFile(file).model.features[0]).toMatchObject({ categories: ['alpha'] });
  });

  it('are told by the hash of the text where the file lacks a name', () => {
    const rows = [
      [[alpha], [1, 3]],
      [[5], [3, 1]],
    ] as const;
    const spec = { ...shared, type: 'Borders', target: 0, rows };
    expect(isExactly(spec, 'alpha', value(3, 4))).toBe(true);
    expect(isExactly(spec, 'beta', value(0, 0))).toBe(true);
    expect(isExactly(spec, null, value(0, 0))).toBe(true);
  });
});

describe('target statistics of combinations', () => {
  const mean = { type: 'BinarizedTargetMeanValue', prior: 0, denominator: 1, borders: [0.4, 0.6] };

  it('of two features tell every pair', () => {
    const spec = staircase({
      ...mean,
      of: [0, 1],
      // 1 / (1 + 1) = 0.5 and 3 / (3 + 1) = 0.75; others 0 / (0 + 1).
      rows: [
        [
          [alpha, beta],
          [1, 1],
        ],
        [
          [beta, alpha],
          [3, 3],
        ],
      ],
    });
    expect(
      raws(spec, [
        ['alpha', 'beta'],
        ['beta', 'alpha'],
        ['alpha', 'alpha'],
        ['gamma', 'beta'],
        [null, 'beta'],
      ]),
    ).toEqual([1, 2, 0, 0, 0]);
  });

  it.each([
    ['AsTrue', 2],
    ['AsFalse', 1],
  ] as const)('hold tests of float features, missing values %s', (nan, missing) => {
    const spec = staircase(
      {
        ...mean,
        of: [0],
        border: 0.5,
        rows: [
          [
            [alpha, 0],
            [1, 1],
          ],
          [
            [alpha, 1],
            [3, 3],
          ],
        ],
      },
      { floats: [{ borders: [0.5], nan, hasNans: true }], categoricals: [{}] },
    );
    expect(
      raws(spec, [
        [0.5, 'alpha'],
        [0.6, 'alpha'],
        [null, 'alpha'],
        [0.6, 'beta'],
      ]),
    ).toEqual([1, 2, missing, 0]);
  });

  it('hold one-hot tests', () => {
    const spec = staircase(
      {
        ...mean,
        of: [0],
        value: { feature: 1, hash: gamma },
        rows: [
          [
            [alpha, 0],
            [1, 1],
          ],
          [
            [alpha, 1],
            [3, 3],
          ],
        ],
      },
      { categoricals: [{}, { values: [gamma] }] },
    );
    expect(
      raws(spec, [
        ['alpha', 'beta'],
        ['alpha', 'gamma'],
        ['alpha', null],
        ['beta', 'gamma'],
      ]),
    ).toEqual([1, 2, 1, 0]);
  });

  it('are found among all names where the statistics of one feature lack some', () => {
    const single = { type: 'Counter', of: [0], borders: [5], rows: [[[alpha], [1]]], total: 1 } as const;
    const pair = {
      ...mean,
      of: [0, 1],
      rows: [
        [
          [gamma, beta],
          [3, 3],
        ],
      ],
    } as const;
    const { ctrs, tables } = ctrsOf([single, pair]);
    const spec: FileSpec = {
      categoricals: [{}, {}],
      tables,
      features: { cat_features_hash: named('alpha', 'beta', 'gamma'), ctrs },
      trees: [oblivious([0], [0, 10]), oblivious([2], [0, 1])],
    };
    expect(
      raws(spec, [
        ['gamma', 'beta'],
        ['alpha', 'beta'],
      ]),
    ).toEqual([1, 0]);
  });

  /** 1 / (1 + 1) = 0.5 for alpha with beta and the test; others 0 / (0 + 1). */
  const unnamed = { ...mean, of: [0, 1], value: { feature: 2, hash: gamma } };

  it('are told by their hash where the file names no category', () => {
    const rows = [
      [
        [alpha, beta, 1],
        [1, 1],
      ],
    ] as const;
    const spec = staircase(
      { ...unnamed, rows },
      { categoricals: [{}, {}, { values: [gamma] }], features: { cat_features_hash: [] } },
    );
    expect(
      raws(spec, [
        ['alpha', 'beta', 'gamma'],
        ['alpha', 'beta', 'beta'],
        ['beta', 'alpha', 'gamma'],
        ['alpha', null, 'gamma'],
        ['alpha', 'unheard of', 'gamma'],
      ]),
    ).toEqual([1, 0, 0, 0, 0]);
  });

  it('are told by their hash where too many are possible', () => {
    const names = [
      ...Array.from({ length: 3163 }, (_, i) => ({ hash: i, value: `c${i}` })),
      ...named('alpha', 'beta'),
    ];
    const rows = [
      [
        [alpha, beta],
        [1, 1],
      ],
    ] as const;
    const spec = staircase(
      { ...mean, of: [0, 1], rows },
      { categoricals: [{ name: 'city' }, { name: 'street' }], features: { cat_features_hash: names } },
    );
    expect(
      raws(spec, [
        ['alpha', 'beta'],
        ['beta', 'alpha'],
      ]),
    ).toEqual([1, 0]);
  });
});
