import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { importModel } from '../../../../src/import/registry.ts';
import type { TreeEnsemble } from '../../../../src/ir/model.ts';
import { fileOf, type TreeSpec, toJson, toUbj } from './files.ts';

const TREES = 10_000;
const NODES = 127;

/** A full tree of depth 6 whose numbers have as many digits as XGBoost writes. */
function fullTree(): TreeSpec {
  const nodes = Array.from({ length: NODES }, (_, i) => i);
  const inner = (i: number) => 2 * i + 2 < NODES;
  const numbers = nodes.map((i) => Number(Math.fround(Math.sin(i + 1)).toPrecision(8)));
  return {
    left: nodes.map((i) => (inner(i) ? 2 * i + 1 : -1)),
    right: nodes.map((i) => (inner(i) ? 2 * i + 2 : -1)),
    feature: nodes.map((i) => (inner(i) ? i % 30 : 0)),
    condition: numbers,
    baseWeights: numbers,
  };
}

const spec = { features: 30, trees: [fullTree()], version: [3, 3, 0] };
const zeros = new Array<number>(TREES).fill(0);

function longText(value: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes.toString('latin1');
}

/** A file of one tree, in which that tree's text stands 10,000 times. */
function bigJson(): Uint8Array {
  const one = Buffer.from(toJson(fileOf(spec))).toString();
  const start = one.indexOf('{"base_weights"');
  const tree = one.slice(start, one.indexOf('}}]', start) + 2);
  const many = one
    .replace('"num_trees":"1"', `"num_trees":"${TREES}"`)
    .replace('"tree_info":[0]', `"tree_info":[${zeros.join(',')}]`)
    .replace(tree, () => new Array<string>(TREES).fill(tree).join(','));
  return Buffer.from(many);
}

/** The same in UBJSON, whose counts change too; latin1 keeps bytes as they are. */
function bigUbj(): Uint8Array {
  const file = fileOf(spec);
  const one = Buffer.from(toUbj(file)).toString('latin1');
  const key = `L${longText(5)}trees[#L`;
  const start = one.indexOf(key) + key.length + 8;
  const info = `L${longText(9)}tree_info[#L`;
  const tree = one.slice(start, one.indexOf(`}}}L${longText(4)}name`, start) + 2);
  const many = one
    .replace(`${info}${longText(1)}l\0\0\0\0`, `${info}${longText(TREES)}${'l\0\0\0\0'.repeat(TREES)}`)
    .replace(`num_treesSL${longText(1)}1`, `num_treesSL${longText(5)}${TREES}`)
    .replace(`${key}${longText(1)}${tree}`, () => `${key}${longText(TREES)}${tree.repeat(TREES)}`);
  return Buffer.from(many, 'latin1');
}

describe('a model of 10,000 trees', () => {
  it.each([
    ['JSON', bigJson, 50],
    ['UBJSON', bigUbj, 35],
  ])('is imported from %s in seconds and moderate memory', (_, make, megabytes) => {
    const bytes = make();
    expect(bytes.length).toBeGreaterThan(megabytes * 1e6);
    const before = process.memoryUsage();
    const started = performance.now();
    const { model } = importModel({ name: 'big', bytes });
    const seconds = (performance.now() - started) / 1000;
    const after = process.memoryUsage();
    const [ensemble] = model.steps as [TreeEnsemble];
    expect(ensemble.trees).toHaveLength(TREES);
    expect(ensemble.trees.at(-1)!.splits.feature).toHaveLength((NODES - 1) / 2);
    expect(seconds).toBeLessThan(10);
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(6e8);
  });
});

describe('a hostile file of many megabytes', () => {
  const megabytes = (unit: string, count: number) => unit.repeat((count * 1e6) / unit.length);
  const head = '{"learner":{"gradient_booster":{"model":{';

  it.each([
    ['brackets', `{"learner":${megabytes('[', 30)}`],
    ['brackets to skip', `{"other":${megabytes('[', 30)},"learner":{}}`],
    ['empty trees', `${head}"trees":[${megabytes('{},', 30)}`],
    ['empty names', `{"learner":{"feature_names":[${megabytes('"",', 30)}`],
    ['keys', `{"learner":{"attributes":{${megabytes('"a":"",', 30)}`],
    ['unknown keys', `{"learner":{${megabytes('"a":[],', 30)}`],
    ['a number of digits', `${head}"weights":[${megabytes('1', 30)}]`],
    ['an unfinished text', `{"learner":{"${megabytes('a', 30)}`],
    ['escapes', `{"learner":{"feature_names":["${megabytes('\\u', 30)}`],
    ['spaces', `{"learner":${megabytes(' ', 30)}`],
  ])('of %s is refused soon', (_, text) => {
    const started = performance.now();
    expect(() => importModel({ name: 'hostile', bytes: Buffer.from(text) })).toThrow(PgscoreError);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('whose splits share one great set is refused before the sets are made', () => {
    // 1000 splits in a row, each with all of 1000 categories: a million members from a file of some kilobytes.
    const count = 1000;
    const nodes = Array.from({ length: 2 * count + 1 }, (_, i) => i);
    const tree = {
      left: nodes.map((i) => (i % 2 === 0 && i < 2 * count ? i + 1 : -1)),
      right: nodes.map((i) => (i % 2 === 0 && i < 2 * count ? i + 2 : -1)),
      condition: nodes.map(() => 0),
    };
    const file = JSON.stringify(fileOf({ trees: [tree] }))
      .replace('"categories":[]', `"categories":[${nodes.slice(0, count)}]`)
      .replace('"categories_nodes":[]', `"categories_nodes":[${nodes.slice(0, count).map((i) => 2 * i)}]`)
      .replace('"categories_segments":[]', `"categories_segments":[${nodes.slice(0, count).map(() => 0)}]`)
      .replace('"categories_sizes":[]', `"categories_sizes":[${nodes.slice(0, count).map(() => count)}]`);
    expect(() => importModel({ name: 'hostile', bytes: Buffer.from(file) })).toThrow(/share categories/);
  });
});
