import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { catboostJson } from '../../../../src/import/catboost/index.ts';
import { importers, importModel } from '../../../../src/import/registry.ts';
import { fileOf, importFile, oblivious } from './files.ts';

const FILES = ['categories', 'branching'].map((name) =>
  readFileSync(new URL(`../../../models/catboost/${name}.json`, import.meta.url)),
);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Imports, and rethrows whatever is not the one error that users may meet. */
function attempt(bytes: Uint8Array): PgscoreError | undefined {
  try {
    importModel({ name: 'model.json', bytes });
    return undefined;
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
}

function read(text: string): PgscoreError {
  try {
    catboostJson.read({ name: 'model.json', bytes: bytesOf(text) }, {});
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  return expect.unreachable();
}

describe('recognising', () => {
  const recognised = (text: string) =>
    importers
      .filter((importer) => importer.recognises({ name: 'm.json', bytes: bytesOf(text) }))
      .map(({ format }) => format);

  it.each([
    '{"oblivious_trees": []}',
    '\ufeff{\n  "ctr_data":\n {}}',
    '{"features_info": {"float_features": []}}',
    '{ "trees" : [ { "split" : {}}]}',
    '{"model_info": {"learner": 1}}',
  ])('takes %j for its own first', (text) => {
    expect(recognised(text)[0]).toBe('catboost-json');
  });

  it.each([
    ['{"learner": {"features_info": 1}, "version": [3, 0, 0]}', ['xgboost-json']],
    ['{"version": [3, 0, 0], "learner": {}}', ['xgboost-json']],
    ['{"trees": [1, 2]}', []],
    ['{"tree_info": []}', []],
    ['[{"oblivious_trees": 1}]', []],
  ])('leaves %j to others', (text, formats) => {
    expect(recognised(text)).toEqual(formats);
  });
});

describe('a damaged file', () => {
  it('that ends early is refused, wherever it ends', () => {
    for (const file of FILES) {
      for (let end = 1; end < file.length - 1; end += 7) {
        expect(attempt(file.subarray(0, end))?.code).toBe('PGS_FILE');
      }
    }
  });

  it('with one part replaced is refused by name, or read', () => {
    const replacements = [null, true, -1, 0.5, 1e308, 'text', [], {}, [[]], [null], { value: [] }];
    for (const file of FILES) {
      for (const path of pathsOf(JSON.parse(file.toString()))) {
        for (const replacement of replacements) {
          const error = attempt(
            bytesOf(JSON.stringify(replaced(JSON.parse(file.toString()), path, replacement))),
          );
          if (error !== undefined) expect(['PGS_FILE', 'PGS_UNSUPPORTED', 'PGS_IR']).toContain(error.code);
        }
      }
    }
  });

  it.each([
    ['{"features_info": ', 'not valid JSON'],
    ['{"features_info": {}}', "has neither 'oblivious_trees' nor 'trees'"],
    ['{"oblivious_trees": []}', "has no 'features_info'"],
    ['{"oblivious_trees": [], "features_info": {}}', 'it has no features'],
    ['{"oblivious_trees": 1, "features_info": {}}', 'oblivious_trees must be a list, but is 1'],
    [
      `{"trees": ${'['.repeat(100_000)}${']'.repeat(100_000)}, "features_info": {}}`,
      'trees[0] must be an object',
    ],
    [
      `{"trees": [${'{"split": {"split_index": 0}, "right": {"value": 1}, "left": '.repeat(600)}{"value": 1}${'}'.repeat(600)}], "features_info": {}}`,
      'nested more than 512 deep',
    ],
  ])('%#: is refused', (text, message) => {
    const error = read(text);
    expect(error.code).toBe('PGS_FILE');
    expect(error.message).toContain('model.json');
    expect(error.message).toContain(message);
    expect(error.hint).toContain("format='json'");
  });

  it('of other bytes than UTF-8 is refused', () => {
    const bytes = Buffer.from('{"oblivious_trees": "\xff"}', 'latin1');
    expect(attempt(bytes)?.message).toContain('not valid UTF-8');
  });

  it.each([
    ['a leaf too few', { trees: [oblivious([0], [1])] }, 'has 1 leaf values, which 1 splits cannot have'],
    ['an unknown test', { trees: [oblivious([5], [1, 2])] }, 'oblivious_trees[0].splits[0] names test 5'],
    [
      'a border that is not the test of its number',
      { trees: [{ leaf_values: [1, 2], splits: [{ split_index: 0, border: 0.75 }] }] },
      'oblivious_trees[0].splits[0] names test 0, which is not what the split says',
    ],
    [
      'leaves of different widths',
      { trees: [oblivious([], [1]), oblivious([], [1, 2])] },
      'holds 2 values a leaf in tree 1',
    ],
    [
      'a bias too many',
      { trees: [oblivious([], [1])], scaleAndBias: [1, [1, 2]] },
      'has 2 numbers as its bias',
    ],
    [
      'an output too many',
      { loss: 'Logloss', trees: [oblivious([], [1, 2])] },
      'Logloss cannot have 2 outputs',
    ],
    ['text features', { features: { text_features: [{}] } }, 'the model has text features'],
  ])('with %s is refused', (_, spec, message) => {
    expect(() => importFile(fileOf({ floats: [{ borders: [0.5] }], ...spec }))).toThrow(message);
  });
});

type Path = readonly (string | number)[];

/** The path of every value but the root. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([key, child]) => [[...path, key], ...pathsOf(child, [...path, key])]);
}

function replaced(root: unknown, path: Path, value: unknown): unknown {
  let at = root as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  at[path.at(-1)!] = value;
  return root;
}
