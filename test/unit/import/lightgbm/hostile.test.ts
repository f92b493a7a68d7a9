import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { importModel } from '../../../../src/import/registry.ts';

/** A small real model with text and number categories. */
const SEED = readFileSync(
  new URL('../../../models/lightgbm-4.7.0/pandas_categorical/model.txt', import.meta.url),
);
const LINEAR = readFileSync(new URL('../../../models/lightgbm-4.7.0/linear_tree/model.txt', import.meta.url));

/** Numbers that are out of place almost anywhere. */
const NUMBERS = [
  '-1',
  '0',
  '1',
  '99999',
  '4294967295',
  '4294967296',
  '1e12',
  '1e999',
  '-inf',
  'nan',
  '',
  '0x1',
  '٣',
];

type Edit = (bytes: Buffer) => Buffer;

function replace(bytes: Buffer, start: number, end: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);
}

function lineBounds(bytes: Buffer, place: number): [number, number] {
  const start = bytes.lastIndexOf(10, Math.floor(place * bytes.length)) + 1;
  const end = bytes.indexOf(10, start);
  return [start, end === -1 ? bytes.length : end];
}

const place = fc.double({ min: 0, max: 0.999, noNaN: true });

const edits: fc.Arbitrary<Edit> = fc.oneof(
  // a file that is cut off
  place.map((p) => (bytes: Buffer) => bytes.subarray(0, Math.floor(p * bytes.length))),
  // bytes over others
  fc.tuple(place, fc.uint8Array({ maxLength: 8 })).map(([p, by]) => (bytes: Buffer) => {
    const at = Math.floor(p * bytes.length);
    return replace(bytes, at, at + by.length, Buffer.from(by));
  }),
  // a line less, a line twice
  place.map((p) => (bytes: Buffer) => {
    const [start, end] = lineBounds(bytes, p);
    return replace(bytes, start, end + 1, Buffer.alloc(0));
  }),
  place.map((p) => (bytes: Buffer) => {
    const [start, end] = lineBounds(bytes, p);
    return replace(bytes, start, start, bytes.subarray(start, end + 1));
  }),
  // another number in a line's list
  fc.tuple(place, place, fc.constantFrom(...NUMBERS)).map(([p, q, number]) => (bytes: Buffer) => {
    const [start, end] = lineBounds(bytes, p);
    const words = bytes
      .subarray(start, end)
      .toString('latin1')
      .split(/([ =:,])/);
    words[2 * Math.floor(q * Math.ceil(words.length / 2))] = number;
    return replace(bytes, start, end, Buffer.from(words.join('')));
  }),
);

describe('damaged files', () => {
  it.each<[string, Buffer]>([
    ['categories', SEED],
    ['linear leaves', LINEAR],
  ])('give a model or an error of ours: %s', (_, seed) => {
    fc.assert(
      fc.property(fc.array(edits, { minLength: 1, maxLength: 4 }), (list) => {
        const bytes = list.reduce<Buffer>((each, edit) => edit(each), seed);
        const started = performance.now();
        try {
          importModel({ name: 'damaged.txt', bytes });
        } catch (error) {
          if (!(error instanceof PgscoreError)) throw error;
          expect(error.message).toContain('damaged.txt');
        }
        expect(performance.now() - started).toBeLessThan(2000);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('files that ask for more than they hold', () => {
  const text = SEED.toString('latin1');

  it.each([
    ['leaves', text.replace('num_leaves=12', 'num_leaves=999999999')],
    ['sets', text.replace('num_cat=1', 'num_cat=999999999')],
    ['words', text.replace('cat_boundaries=0 1', 'cat_boundaries=0 999999999')],
    ['classes', text.replace('num_tree_per_iteration=1', 'num_tree_per_iteration=999999999')],
    ['features', text.replace('max_feature_idx=2', 'max_feature_idx=999999')],
    ['lists', text.replace(/pandas_categorical:.*/, `pandas_categorical:${'['.repeat(5_000_000)}`)],
    [
      'list entries',
      text.replace(/pandas_categorical:.*/, `pandas_categorical:[${'[],'.repeat(2_000_000)}[]]`),
    ],
    ['numbers', text.replace('leaf_value=', `leaf_value=${'1 '.repeat(5_000_000)}`)],
    ['header lines', text.replace('version=v4', `version=v4\n${'x\n'.repeat(1_000_000)}`)],
  ])('%s', (_, file) => {
    const started = performance.now();
    const before = process.memoryUsage().rss;
    expect(() => importModel({ name: 'hostile.txt', bytes: Buffer.from(file) })).toThrow(PgscoreError);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(process.memoryUsage().rss - before).toBeLessThan(300e6);
  });

  it('category sets that would fill the memory', () => {
    const words = '4294967295 '.repeat(600_000);
    const file = text
      .replace('cat_boundaries=0 1', 'cat_boundaries=0 600000')
      .replace('cat_threshold=2\n', `cat_threshold=${words}\n`);
    expect(() => importModel({ name: 'hostile.txt', bytes: Buffer.from(file) })).toThrow(
      expect.objectContaining({ code: 'PGS_UNSUPPORTED' }),
    );
  });
});

describe('a file of 50 MB', () => {
  it('is read within seconds and moderate memory', () => {
    const telco = readFileSync(
      new URL('../../../models/telco/lightgbm-churn.txt', import.meta.url),
      'latin1',
    );
    const start = telco.indexOf('Tree=0');
    const end = telco.indexOf('end of trees');
    const head = telco.slice(0, start).replace(/tree_sizes=.*\n/, '');
    const bytes = Buffer.from(`${head}${telco.slice(start, end).repeat(84)}${telco.slice(end)}`);
    expect(bytes.length).toBeGreaterThan(50e6);
    const started = performance.now();
    const before = process.memoryUsage().rss;
    const { model } = importModel({ name: 'large.txt', bytes });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
    const ensemble = model.steps.find((step) => step.kind === 'tree-ensemble');
    expect(ensemble?.trees.length).toBe(84 * 201);
  });
});
