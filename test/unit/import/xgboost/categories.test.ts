import { describe, expect, it } from 'vitest';
import { leaf, type TreeSpec } from './files.ts';
import { importSpec, score } from './score.ts';

/** Categories 1 and 3 go right, to leaf 20; `defaultLeft` sends missing values left, to leaf 10. */
function split(defaultLeft: number): TreeSpec {
  return {
    left: [1, -1, -1],
    right: [2, -1, -1],
    condition: [2 ** -149, 10, 20],
    defaultLeft: [defaultLeft, 0, 0],
    categories: { 0: [3, 1] },
  };
}

describe('category codes', () => {
  it('go right when they are listed, left when they are not, and by default_left when missing', () => {
    const at = (x: number | null, defaultLeft = 0) =>
      score({ types: ['c'], trees: [split(defaultLeft)] }, [x]).value;
    expect([0, 1, 2, 3, 4].map((x) => at(x))).toEqual([10, 20, 10, 20, 10]);
    expect([at(null, 1), at(null, 0)]).toEqual([10, 20]);
  });

  it('that XGBoost holds for invalid go left, whatever the default', () => {
    for (const x of [-1, -7, 1e30, 2 ** 24, Number.POSITIVE_INFINITY]) {
      expect(score({ trees: [split(0)] }, [x]).value).toBe(10);
    }
    const beyond = { ...split(0), categories: { 0: [1, 2 ** 24] } };
    expect(score({ trees: [beyond] }, [2 ** 24]).value).toBe(10);
  });

  it('below 0 are invalid too, where truncation would make them category 0', () => {
    // Category 0 goes right, to leaf 20. XGBoost casts to float32 before it looks: -1e-50 is -0 there.
    const zero = { ...split(0), categories: { 0: [0] } };
    const at = (x: number) => score({ types: ['c'], trees: [zero] }, [x]).value;
    expect([-0.5, -1e-40, -0.9999999].map(at)).toEqual([10, 10, 10]);
    expect([0, -0, -1e-50, 0.5].map(at)).toEqual([20, 20, 20, 20]);
    // 0.99999999 is 1 in float32.
    expect(at(0.99999999)).toBe(10);
  });

  it('are rounded for category tests only', () => {
    // Node 0 compares the feature with 0.5, node 2 asks for category 1.
    const tree: TreeSpec = {
      left: [1, -1, 3, -1, -1],
      right: [2, -1, 4, -1, -1],
      condition: [0.5, 1, 0, 3, 4],
      categories: { 2: [1] },
    };
    const at = (x: number) => score({ trees: [tree] }, [x]).value;
    expect([0.4, 0.5, 0.7, 1.7, 2].map(at)).toEqual([1, 3, 3, 4, 3]);
  });

  it('may be several sets in one tree, beside numeric splits', () => {
    const tree: TreeSpec = {
      left: [1, 3, -1, -1, 5, -1, -1],
      right: [4, 2, -1, -1, 6, -1, -1],
      feature: [0, 1, 0, 0, 0, 0, 0],
      condition: [0, 0.5, 2, 3, 0, 5, 6],
      categories: { 0: [0, 2], 4: [2] },
    };
    const at = (...row: number[]) => score({ features: 2, trees: [tree] }, row).value;
    expect([at(1, 0), at(1, 1), at(0, 0), at(2, 0)]).toEqual([3, 2, 5, 6]);
  });

  it.each([
    ['a negative category', { 0: [-1] }],
    ['an empty set', { 0: [] }],
  ])('are refused with %s', (_, categories) => {
    expect(() => score({ trees: [{ ...split(0), categories }] })).toThrow(/not a sound XGBoost model/);
  });
});

describe('categories stored in the file', () => {
  const bytesOf = (text: string) => [...new TextEncoder().encode(text)].map((byte) => (byte << 24) >> 24);
  const cats = (...enc: unknown[]) => ({ model: { cats: { enc, feature_segments: [], sorted_idx: [] } } });
  const texts = { offsets: [0, 1, 4, 4, 5], values: bytesOf('aßbc') };

  it('are texts cut from UTF-8 bytes by offsets', () => {
    const spec = { trees: [split(0)], ...cats(texts) };
    // 'a', 'ßb' (3 bytes), '' and 'c' are the codes 0 to 3.
    expect(importSpec(spec).model.features).toEqual([
      { kind: 'text', name: 'f0', categories: ['a', 'ßb', '', 'c'] },
    ]);
    expect(['a', 'ßb', '', 'c'].map((x) => score(spec, [x]).value)).toEqual([10, 20, 10, 20]);
  });

  it('make a value that is not among them, or NULL, missing', () => {
    const spec = (defaultLeft: number) => ({ trees: [split(defaultLeft)], ...cats(texts) });
    for (const x of ['A', 'a ', 'unseen', null]) {
      expect([score(spec(0), [x]).value, score(spec(1), [x]).value]).toEqual([20, 10]);
    }
  });

  it('may be whole numbers, of which unsigned ones are stored as signed', () => {
    // Type 12 is uint16: 65535 is stored as -1 in UBJSON. Types 11 and 13 are int16 and int32.
    const spec = (type: number, values: number[]) => ({
      trees: [split(0)],
      ...cats({ type, values }),
    });
    const categories = [7, 65535, 0, 42];
    expect(importSpec(spec(12, [7, -1, 0, 42])).model.features).toEqual([
      { kind: 'number', name: 'f0', categories },
    ]);
    expect(categories.map((x) => score(spec(12, [7, -1, 0, 42]), [x]).value)).toEqual([10, 20, 10, 20]);
    expect(score(spec(12, [7, -1, 0, 42]), [1]).value).toBe(20);
    expect(importSpec(spec(13, [-1, 5])).model.features[0]!.categories).toEqual([-1, 5]);
  });

  it('leave features without any as they are', () => {
    const empty = { offsets: [], values: [] };
    const spec = { features: 2, types: ['float', 'c'], trees: [{ ...split(0), feature: [1, 0, 0] }] };
    const { model } = importSpec({ ...spec, ...cats(empty, texts) });
    expect(model.features.map(({ kind }) => kind)).toEqual(['number', 'text']);
    expect(score({ ...spec, ...cats(empty, texts) }, [5, 'c']).value).toBe(20);
  });

  it.each([
    ['lists for another number of features', cats(texts, texts), /category lists for 2/],
    ['a category twice', cats({ offsets: [0, 1, 2], values: [65, 65] }), /a category twice/],
    ['offsets out of order', cats({ offsets: [0, 2, 1], values: [65, 66] }), /out of order/],
    ['offsets beyond the bytes', cats({ offsets: [0, 3], values: [65, 66] }), /out of order/],
    ['bytes that are not UTF-8', cats({ offsets: [0, 1], values: [-1] }), /not valid UTF-8/],
    ['an unknown type', cats({ type: 8, values: [1] }), /unknown type 8/],
  ])('are refused with %s', (_, change, message) => {
    expect(() => score({ trees: [leaf(0)], ...change })).toThrow(message);
  });
});

describe('feature names', () => {
  it('come from the file, or the caller, or are numbered', () => {
    const names = (spec: object, features?: string[]) =>
      importSpec(
        { features: 2, trees: [leaf(0)], ...spec },
        features === undefined ? {} : { features },
      ).model.features.map(({ name }) => name);
    expect(names({})).toEqual(['f0', 'f1']);
    expect(names({ names: ['select', 'a"b'] })).toEqual(['select', 'a"b']);
    expect(names({ names: ['x', 'y'] }, ['größe', '$$'])).toEqual(['größe', '$$']);
    expect(() => names({}, ['a'])).toThrow(expect.objectContaining({ code: 'PGS_USAGE' }));
    expect(() => names({}, ['a', 'a'])).toThrow(expect.objectContaining({ code: 'PGS_USAGE' }));
    expect(() => names({ names: ['a'] })).toThrow(/2 features, but 1 feature names/);
    expect(() => names({ names: ['a', 'a'] })).toThrow(/two features are named 'a'/);
  });

  it('come with what the file says of whole numbers', () => {
    const types = ['int', 'float', 'i', 'c', 'q'];
    const { features } = importSpec({ features: 5, types, trees: [leaf(0)] }).model;
    expect(features.map((feature) => feature.kind === 'number' && feature.integer === true)).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
  });
});
