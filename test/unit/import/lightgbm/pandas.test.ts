import { describe, expect, it } from 'vitest';
import type { Feature } from '../../../../src/ir/model.ts';
import { type FileParts, importText, modelText, predict, split } from './files.ts';

/** Code 1 goes left. */
const ONE_LEFT = {
  num_cat: '1',
  decision_type: '1',
  threshold: '0',
  cat_boundaries: '0 1',
  cat_threshold: '2',
};

function file(infos: string, lists: string, parts: FileParts & { declared?: string } = {}): FileParts {
  const parameters = parts.declared === undefined ? '' : `[categorical_feature: ${parts.declared}]\n`;
  return {
    trees: [split(ONE_LEFT)],
    ...parts,
    header: { feature_infos: infos, ...parts.header },
    tail: `parameters:\n${parameters}end of parameters\n\npandas_categorical:${lists}\n`,
  };
}

function features(parts: FileParts): readonly Feature[] {
  return importText(modelText(parts)).model.features;
}

describe('categories of pandas', () => {
  it('encodes texts; NULL and unseen values are missing', () => {
    const parts = file('-1:0:1 [0:1]', '[["no", "yes"]]');
    expect(features(parts)[0]).toEqual({ kind: 'text', name: 'a', categories: ['no', 'yes'] });
    expect(predict(parts, ['yes', 0]).value).toBe(-1);
    for (const other of ['no', 'YES', '', null]) expect(predict(parts, [other, 0]).value).toBe(1);
  });

  it('encodes numbers by their value', () => {
    const parts = file('-1:0:1 [0:1]', '[[10, 20.5]]');
    expect(features(parts)[0]).toEqual({ kind: 'number', name: 'a', integer: false, categories: [10, 20.5] });
    expect(predict(parts, [20.5, 0]).value).toBe(-1);
    for (const other of [1, 10, 20, null]) expect(predict(parts, [other, 0]).value).toBe(1);
  });

  it('takes booleans as 0 and 1, and says so', () => {
    const parts = file('-1:0:1 [0:1]', '[[false, true]]');
    expect(features(parts)[0]).toEqual({ kind: 'number', name: 'a', integer: true, categories: [0, 1] });
    expect(predict(parts, [1, 0]).value).toBe(-1);
    expect(importText(modelText(parts)).source.notes[0]).toContain('1 for true');
  });

  it('reads infinite categories, which Python writes bare', () => {
    const parts = file('-1:0:1 [0:1]', '[[-Infinity, Infinity]]');
    expect(predict(parts, [Infinity, 0]).value).toBe(-1);
    expect(features(file('-1:0:1 [0:1]', '[["NaN", "-Infinity"]]'))[0]).toMatchObject({ kind: 'text' });
  });

  it('leaves models without lists alone', () => {
    for (const lists of ['null', '[]']) {
      expect(features(file('-1:0:1 [0:1]', lists))[0]).toMatchObject({ kind: 'number', categories: [0, 1] });
    }
  });
});

describe('which features the lists belong to', () => {
  const kinds = (parts: FileParts) => features(parts).map(({ kind }) => kind);

  it('the declared ones, never useful or not', () => {
    expect(kinds(file('-1:0:1 none', '[["x", "y"], ["z"]]', { declared: '0,1' }))).toEqual(['text', 'text']);
  });

  it('without declaration the ones with codes', () => {
    expect(kinds(file('-1:0:1 [0:1]', '[["x", "y"]]'))).toEqual(['text', 'number']);
  });

  it('an ordered category is a number to the trees: found by its codes', () => {
    const parts = file('[0:2] [0.5:7.25]', '[["low", "middle", "high"]]', {
      declared: '',
      trees: [split({ threshold: '1.5' })],
    });
    expect(kinds(parts)).toEqual(['text', 'number']);
    expect(predict(parts, ['middle', 0]).value).toBe(-1);
    expect(predict(parts, ['high', 0]).value).toBe(1);
  });

  it('a declared integer feature has no list: its codes do not fit', () => {
    expect(kinds(file('-1:0:1:7 [0:1]', '[["x", "y"]]', { declared: '0' }))).toEqual(['number', 'text']);
  });

  it('a never useful feature matters to no tree', () => {
    expect(kinds(file('-1:0:1 none', '[["x", "y"], ["z"]]', { declared: '0' }))).toEqual(['text', 'text']);
  });

  it('refuses when a tree could notice the difference', () => {
    const parts = file('[0:1] [0:1]', '[["x", "y"]]', { declared: '' });
    expect(() => features(parts)).toThrow(
      expect.objectContaining({
        code: 'PGS_UNSUPPORTED',
        message: expect.stringContaining('which of the 2 features'),
      }),
    );
  });

  it('refuses when a list fits nowhere', () => {
    expect(() => features(file('[0.5:1] [0.5:1]', '[["x"]]'))).toThrow('which of the 2 features');
  });
});

describe('what is refused', () => {
  it.each([
    ['[["x", 1]]', 'PGS_UNSUPPORTED', 'the categories of feature "a" mix string, number'],
    ['[["x", null]]', 'PGS_UNSUPPORTED', 'hold a null'],
    ['[[0.5, NaN]]', 'PGS_UNSUPPORTED', 'hold a null or NaN'],
    ['[["x", "x"]]', 'PGS_UNSUPPORTED', 'hold a value twice'],
    ['[[9007199254740992, 9007199254740993]]', 'PGS_UNSUPPORTED', 'hold a value twice'],
    ['[["x"', 'PGS_FILE', 'line 31 (pandas_categorical) is no JSON'],
    ['{"a": []}', 'PGS_FILE', 'holds an object'],
    ['["x"]', 'PGS_FILE', 'must be a list of lists'],
    ['[[[0]]]', 'PGS_FILE', 'nested deeper'],
    ['[[],[],[]]', 'PGS_FILE', 'more columns than'],
  ])('%s', (lists, code, message) => {
    expect(() => features(file('-1:0:1 [0:1]', lists))).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
