import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { importers, importModel } from '../../../../src/import/registry.ts';
import { xgboostJson, xgboostUbj } from '../../../../src/import/xgboost/index.ts';
import { type FileSpec, fileOf, leaf, modelOf, stump, type TreeSpec, toJson, toUbj } from './files.ts';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

function errorOf(bytes: Uint8Array, name = 'churn.json'): PgscoreError {
  try {
    importModel({ name, bytes });
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  throw new Error('It was imported.');
}

describe('recognition', () => {
  const file = fileOf({ trees: [leaf(0)] });

  it('goes by the first bytes, never by the name', () => {
    const forms: [Uint8Array, string][] = [
      [toJson(file), 'xgboost-json'],
      [bytesOf(JSON.stringify({ version: [3, 3, 0], ...file }, null, 2)), 'xgboost-json'],
      [bytesOf(`\xef\xbb\xbf \n${JSON.stringify(file)}`), 'xgboost-json'],
      [toUbj(file), 'xgboost-ubj'],
    ];
    for (const [bytes, format] of forms) {
      const found = importers.filter((importer) => importer.recognises({ name: 'x.txt', bytes }));
      expect(found.map((importer) => importer.format)).toEqual([format]);
      expect(importModel({ name: 'x.txt', bytes }).source.format).toBe(format);
    }
  });

  it('leaves other files alone', () => {
    for (const text of [
      '',
      '{',
      '{}',
      '[]',
      '{"trees":[]}',
      'tree\nversion=v4\n',
      '<PMML>',
      '\x80\x04\x95sklearn',
    ]) {
      const other = { name: 'model.json', bytes: bytesOf(text) };
      expect(xgboostJson.recognises(other) || xgboostUbj.recognises(other)).toBe(false);
    }
  });
});

describe('forms of XGBoost that are no model file', () => {
  // An old binary model: base_score, num_feature, num_class, …, then texts behind their 64-bit lengths.
  const oldText = (text: string) => `${String.fromCharCode(text.length)}${'\0'.repeat(7)}${text}`;
  const old = `\0\0\0\x3f\x05\0\0\0${'\0'.repeat(128)}${oldText('binary:logistic')}${oldText('gbtree')}`;

  it.each([
    ['an old binary model with a mark', `binf${old}`, /old binary format/],
    ['an old binary model', old, /old binary format/],
    ['an old memory snapshot', `CONFIG-offset:${old}`, /old binary format/],
    ['a memory snapshot', '{L\0\0\0\0\0\0\0\x06Config{}', /memory snapshot/],
    ['a memory snapshot in JSON', '{"Model":{"learner":{}}}', /memory snapshot/],
    ['a dump', '[ { "nodeid": 0, "leaf": 1 } ]', /text dump of trees/],
  ])('%s is refused with the remedy', (_, text, message) => {
    const error = errorOf(bytesOf(text), 'old.model');
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toMatch(/^old\.model: holds /);
    expect(error.message).toMatch(message);
    expect(error.hint).toContain("save_model('model.json')");
  });

  it('a configuration is refused', () => {
    const error = errorOf(bytesOf('{"learner":{"gradient_booster":{"name":"gbtree"}},"version":[3,3,0]}'));
    expect(error.message).toMatch(/at learner.gradient_booster .*the booster's 'model' is missing/);
  });
});

describe('files that are truncated or make no sense', () => {
  it.each([
    ['JSON', toJson],
    ['UBJSON', toUbj],
  ])('cut %s is refused at every length', (_, write) => {
    const bytes = write(fileOf({ trees: [stump(1, 2)] }));
    for (let size = 20; size < bytes.length; size++) {
      const error = errorOf(bytes.subarray(0, size));
      expect(['PGS_FILE']).toContain(error.code);
    }
    expect(importModel({ name: 'm', bytes }).source.formatVersion).toBe('3.3.0');
  });

  it('names the file, the place, what was found and the remedy', () => {
    const text = JSON.stringify(fileOf({ trees: [stump(1, 2)] })).replace('[0.5,1,2]', '[0.5,"1",2]');
    const { message, hint } = errorOf(bytesOf(text));
    expect(message).toMatch(
      /^churn\.json: not a sound XGBoost model: at learner\.gradient_booster\.model\.trees\[0\]\.split_conditions \(byte \d+\), expected a number, but found '"'\.$/,
    );
    expect(hint).toContain("save_model('model.json')");
  });

  const tree = (change: Partial<TreeSpec>): FileSpec => ({ trees: [leaf(0), { ...stump(1, 2), ...change }] });
  const changed = (change: Readonly<Record<string, unknown>>): FileSpec => ({
    booster: { name: 'gbtree', model: { ...modelOf({ trees: [leaf(0)] }), ...change } },
  });

  it.each<[string, FileSpec, RegExp]>([
    ['a child out of range', tree({ left: [3, -1, -1] }), /in tree 1, node 3 is named as a child/],
    ['a negative child', tree({ left: [-2, -1, -1] }), /node -2 is named as a child/],
    ['a cycle', tree({ right: [0, -1, -1] }), /node 0 is reached twice/],
    ['a shared child', tree({ right: [1, -1, -1] }), /node 1 is reached twice/],
    ['an unreached node', tree({ left: [-1, -1, -1] }), /1 of 3 nodes are reached/],
    [
      'columns of other lengths',
      tree({ condition: [1, 2] }),
      /split_conditions has 2 elements, but there are 3/,
    ],
    ['a feature out of range', tree({ feature: [1, 0, 0] }), /tests feature 1, but there are 1 features/],
    ['an output out of range', { trees: [leaf(0)], treeInfo: [1] }, /tree_info names output 1 of 1/],
    ['fewer outputs than trees', { trees: [leaf(0)], treeInfo: [] }, /length of tree_info is 0/],
    ['fewer trees than stated', changed({ trees: [] }), /num_trees is 1, but there are 0 trees/],
    ['no trees', changed({ trees: undefined }), /'trees' is missing|expected/],
    ['no features', { features: 0, trees: [leaf(0)] }, /not fitted/],
    ['billions of features', { features: 4_294_967_295 }, /at most 100000 are supported/],
    ['billions of classes', { numClass: 4_294_967_295 }, /at most 10000 are supported/],
    ['another booster', { booster: { name: 'forest', model: {} } }, /booster is 'forest'/],
    ['no weights', { booster: { name: 'gblinear', model: {} } }, /'weights' is missing/],
  ])('%s', (_, spec, message) => {
    const file = fileOf(spec);
    expect(errorOf(toJson(file))).toMatchObject({
      code: 'PGS_FILE',
      message: expect.stringMatching(message),
    });
    if (!JSON.stringify(spec).includes('"booster"')) expect(errorOf(toUbj(file)).message).toMatch(message);
  });

  it('NaN where a number decides', () => {
    for (const [from, to] of [
      ['[0.5,1,2]', '[NaN,1,2]'],
      ['[0.5,1,2]', '[0.5,1,NaN]'],
    ] as const) {
      const text = JSON.stringify(fileOf({ trees: [stump(1, 2)] })).replace(from, to);
      expect(errorOf(bytesOf(text)).message).toMatch(/in tree 0, the (condition|value) of node [02] is NaN/);
    }
  });

  it('a field that is there twice', () => {
    const text = JSON.stringify(fileOf({ trees: [leaf(0)] }));
    const twice = text.replace('"tree_info":[0]', '"tree_info":[0],"tree_info":[0]');
    expect(errorOf(bytesOf(twice)).message).toMatch(/'tree_info' is there twice/);
    const attribute = text.replace('"attributes":{}', '"attributes":{"a":"1","a":"2"}');
    expect(errorOf(bytesOf(attribute)).message).toMatch(/there twice/);
  });

  it('a field named as something that objects have', () => {
    const text = JSON.stringify(fileOf({ trees: [leaf(7)] }));
    const odd = text.replace(
      '{"learner":{',
      '{"__proto__":{"x":1},"learner":{"constructor":[1,{}],"toString":"",',
    );
    expect(importModel({ name: 'm', bytes: bytesOf(odd) }).model.features).toHaveLength(1);
  });
});
