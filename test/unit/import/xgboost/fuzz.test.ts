import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { xgboostJson, xgboostUbj } from '../../../../src/import/xgboost/index.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { validate } from '../../../../src/ir/validate.ts';
import { fileOf, leaf, stump, toJson, toUbj } from './files.ts';

const real = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../models/${path}`, import.meta.url)));

const tiny = fileOf({
  objective: 'multi:softprob',
  numClass: 2,
  baseScore: '[5E-1,2.5E-1]',
  attributes: { best_iteration: '0' },
  iterations: [0, 2],
  names: ['a', 'b'],
  features: 2,
  trees: [
    stump(1, 2),
    {
      left: [1, -1, -1],
      right: [2, 1, 0],
      condition: [0, 0, 0],
      categories: { 0: [1] },
      width: 2,
      leafWeights: [1, 2, 3, 4],
    },
  ],
});

/** Bytes that mean something in JSON, in UBJSON, or at the edges of numbers. */
const telling = fc.constantFrom(...Buffer.from('{}[]",:$#SLliIUdDZTF019-.eEN\\u'), 0, 1, 0x7f, 0x80, 0xff);

type Change = (bytes: Uint8Array, at: number) => Uint8Array;

const change: fc.Arbitrary<Change> = fc.oneof(
  telling.map(
    (byte): Change =>
      (bytes, at) => {
        const copy = Buffer.from(bytes);
        copy[at] = byte;
        return copy;
      },
  ),
  telling.map(
    (byte): Change =>
      (bytes, at) =>
        Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]),
  ),
  fc.integer({ min: 1, max: 40 }).map(
    (size): Change =>
      (bytes, at) =>
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]),
  ),
  fc.integer({ min: 1, max: 400 }).map(
    (size): Change =>
      (bytes, at) =>
        Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]),
  ),
  fc.constant<Change>((bytes, at) => bytes.subarray(0, at)),
);

const changes = fc.array(fc.tuple(change, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), {
  minLength: 1,
  maxLength: 4,
});

const seeds = [
  { name: 'hand-made JSON', importer: xgboostJson, bytes: Buffer.from(toJson(tiny)) },
  { name: 'hand-made UBJSON', importer: xgboostUbj, bytes: Buffer.from(toUbj(tiny)) },
  {
    name: 'one leaf in UBJSON',
    importer: xgboostUbj,
    bytes: Buffer.from(toUbj(fileOf({ trees: [leaf(1)] }))),
  },
  { name: 'linear JSON', importer: xgboostJson, bytes: real('xgboost-1.7.4/gblinear_multi/model.json') },
  { name: 'linear UBJSON', importer: xgboostUbj, bytes: real('xgboost-1.7.4/gblinear_multi/model.ubj') },
  { name: 'categorical JSON', importer: xgboostJson, bytes: real('xgboost-3.3.0/cat_partition/model.json') },
  { name: 'categorical UBJSON', importer: xgboostUbj, bytes: real('xgboost-3.3.0/cat_partition/model.ubj') },
];

describe('damaged files', () => {
  it.each(seeds)('$name: a sound model or an error of our own', ({ importer, bytes }) => {
    fc.assert(
      fc.property(changes, (all) => {
        const damaged = all.reduce<Uint8Array>(
          (now, [apply, part]) => apply(now, Math.floor(part * now.length)),
          bytes,
        );
        const started = performance.now();
        try {
          const { model } = importer.read({ name: 'damaged', bytes: damaged }, {});
          expect(validate(model)).toEqual([]);
          evaluate(
            model,
            model.features.map(() => null),
          );
        } catch (error) {
          expect(error).toBeInstanceOf(PgscoreError);
          expect(['PGS_FILE', 'PGS_UNSUPPORTED']).toContain((error as PgscoreError).code);
        }
        expect(performance.now() - started).toBeLessThan(2000);
      }),
      { numRuns: 400 },
    );
  });

  it('bytes of any kind behind a true beginning', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (tail, json) => {
        const importer = json ? xgboostJson : xgboostUbj;
        const head = json ? '{"learner":' : '{L\0\0\0\0\0\0\0\x07learner';
        const file = { name: 'damaged', bytes: Buffer.concat([Buffer.from(head, 'latin1'), tail]) };
        expect(importer.recognises(file)).toBe(true);
        expect(() => importer.read(file, {})).toThrow(PgscoreError);
      }),
    );
  });
});
