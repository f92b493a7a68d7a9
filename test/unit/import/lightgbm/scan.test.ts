import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { type FileParts, importText, leaf, modelText, split } from './files.ts';

const categorical = {
  num_cat: '1',
  decision_type: '1',
  threshold: '0',
  cat_boundaries: '0 1',
  cat_threshold: '2',
};

function errorOf(text: string): PgscoreError {
  try {
    importText(text);
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  return expect.unreachable();
}

describe('header', () => {
  it.each<[string, FileParts['header'], string, string]>([
    ['version v2', { version: 'v2' }, 'PGS_UNSUPPORTED', 'version "v2"'],
    ['no version', { version: null }, 'PGS_FILE', 'no "version" line'],
    ['no class count', { num_class: null }, 'PGS_FILE', 'no "num_class" line'],
    ['a word for a number', { num_class: 'one' }, 'PGS_FILE', 'line 3 (num_class) holds "one"'],
    ['no trees an iteration', { num_tree_per_iteration: '0' }, 'PGS_FILE', 'num_tree_per_iteration is 0'],
    ['huge class count', { num_tree_per_iteration: '999999999' }, 'PGS_FILE', 'num_tree_per_iteration'],
    ['too few names', { feature_names: 'a' }, 'PGS_FILE', 'must hold 2 entries, one a feature, but holds 1'],
    ['too many infos', { feature_infos: 'none none none' }, 'PGS_FILE', 'line 9 (feature_infos) must hold 2'],
    ['huge feature count', { max_feature_idx: '9999999999' }, 'PGS_FILE', '10000000000 features'],
    ['equal names', { feature_names: 'a a' }, 'PGS_IR', 'feature names must be unique'],
    ['unknown objective', { objective: 'pairwise' }, 'PGS_UNSUPPORTED', 'objective "pairwise"'],
    ['no sigmoid', { objective: 'binary' }, 'PGS_FILE', 'sigmoid is missing'],
    ['bad sigmoid', { objective: 'binary sigmoid:-1' }, 'PGS_FILE', 'sigmoid must be above 0'],
    ['bad classes', { objective: 'multiclass num_class:1' }, 'PGS_FILE', 'num_class must be at least 2'],
    ['other classes', { objective: 'multiclass num_class:3' }, 'PGS_FILE', 'needs 3 trees an iteration'],
    ['tree count', { tree_sizes: '100 100' }, 'PGS_FILE', 'announces 2 trees (tree_sizes), but 1 are there'],
  ])('%s', (_, header, code, message) => {
    const error = errorOf(modelText({ header: header! }));
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(error.message).toContain('model.txt');
  });

  it('refuses trees that are no whole number of iterations', () => {
    const header = { num_class: '2', num_tree_per_iteration: '2', objective: 'multiclass num_class:2' };
    expect(errorOf(modelText({ header })).message).toContain(
      '1 trees are no whole number of iterations of 2',
    );
  });

  it('refuses an average of nothing, takes a sum of nothing', () => {
    expect(errorOf(modelText({ header: { average_output: '' }, trees: [] })).message).toContain('no average');
    expect(importText(modelText({ trees: [] })).model.steps).toHaveLength(1);
  });
});

describe('trees', () => {
  it.each<[string, Record<string, string>, string]>([
    ['huge leaf count', { num_leaves: '9999999999' }, '(leaf_value of tree 0) must hold 9999999999 numbers'],
    ['larger than that', { num_leaves: '1000000000000' }, '(num_leaves of tree 0) holds "1000000000000"'],
    ['no leaf', { num_leaves: '0' }, 'must be at least 1, but is 0'],
    ['too few thresholds', { threshold: '' }, '(threshold of tree 0) must hold 1 numbers, but holds 0'],
    ['too many leaves', { leaf_value: '1 2 3' }, '(leaf_value of tree 0) must hold 2 numbers, but holds 3'],
    ['a word', { threshold: '0x10' }, 'holds "0x10" where a number must stand'],
    ['NaN threshold', { threshold: 'nan' }, 'tree 0 (line 11) has threshold NaN at split 0'],
    ['unknown feature', { split_feature: '2' }, 'reads feature 2 of 2'],
    ['negative feature', { split_feature: '-1' }, 'reads feature -1 of 2'],
    ['missing type 3', { decision_type: '12' }, 'decision_type 12'],
    ['unknown key', { oblivious: '1' }, 'holds "oblivious", which is no part of a tree'],
    [
      'set without sets',
      { decision_type: '1', threshold: '0' },
      'names category set 0 at split 0, but has 0',
    ],
    ['set out of range', { ...categorical, threshold: '1' }, 'names category set 1'],
    ['broken set', { ...categorical, threshold: '0.5' }, 'names category set 0.5'],
    ['falling boundaries', { ...categorical, cat_boundaries: '1 0' }, 'must start at 0 and never fall'],
    ['missing words', { ...categorical, cat_boundaries: '0 9999999999' }, 'must hold 9999999999 numbers'],
    ['no word', { ...categorical, cat_threshold: '4294967296' }, 'which is no 32-bit word'],
    ['linear without constants', { is_linear: '1', num_features: '0 0' }, 'has no "leaf_const" line'],
    ['child out of range', { right_child: '5' }, 'Must be a split below 1'],
    ['cycle', { right_child: '0' }, 'a second time'],
  ])('%s', (_, lines, message) => {
    expect(errorOf(modelText({ trees: [split(lines)] })).message).toContain(message);
  });

  it('names the tree and the line', () => {
    const error = errorOf(modelText({ trees: [leaf('1'), leaf('x')] }));
    expect(error.message).toBe(
      'model.txt: line 21 (leaf_value of tree 1) holds "x" where a number must stand.',
    );
    expect(error.hint).toContain('save the model again');
  });
});

describe('cut off files', () => {
  it('is noticed at every byte but those of the tail', () => {
    const text = modelText({ trees: [leaf('1'), split({})] });
    const end = text.indexOf('end of trees') + 'end of trees'.length;
    for (let length = 0; length < end; length++) expect(errorOf(text.slice(0, length)).code).toBe('PGS_FILE');
    expect(importText(text.slice(0, end)).model.features).toHaveLength(2);
  });
});
