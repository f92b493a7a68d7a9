import { beforeAll, expect, test } from 'vitest';
import { createScorer } from '../../src/codegen/score.ts';
import type { CountTerms, Model } from '../../src/ir/model.ts';
import { createDatabaseScorers, type DatabaseScorer } from '../conformance/database.ts';
import { counting } from '../harness/text-models.ts';

const COLUMNS = 4096;

/** A number that tells the terms of a text: the sum of their hashes modulo COLUMNS. */
function fingerprint(rules: Pick<CountTerms, 'text' | 'split'>): Model {
  const columns = Array.from({ length: COLUMNS }, (_, k) => k);
  return {
    irVersion: 1,
    task: 'regression',
    features: [{ kind: 'text', name: 'text', categories: [] }],
    steps: [
      counting({
        ...rules,
        columns: { by: 'hash', seed: 42, count: COLUMNS, remainder: 'floor', signed: false },
      }),
      {
        kind: 'linear',
        inputs: columns.map((k) => k + 1),
        inputPrecision: 'float64',
        accumulator: 'float64',
        weights: [columns],
        bias: [0],
        missing: 'propagate',
      },
    ],
    output: { value: COLUMNS + 1, raw: [COLUMNS + 1] },
  };
}

const models = {
  lowercase: fingerprint({ text: ['lowercase'], split: { by: 'nothing' } }),
  uppercase: fingerprint({ text: ['uppercase'], split: { by: 'nothing' } }),
  'strip-marks': fingerprint({ text: ['strip-marks'], split: { by: 'nothing' } }),
  'to-ascii': fingerprint({ text: ['to-ascii'], split: { by: 'nothing' } }),
  words: fingerprint({ text: [], split: { by: 'match', pattern: '[\\p{L}\\p{N}_]' } }),
};

/** All characters that PostgreSQL holds, in texts of 1024 of them, but for planes that hold none. */
const blocks = Array.from({ length: 0x440 }, (_, block) => block)
  .filter((block) => block < 0x36 || (block >= 0x38 && block < 0xd2) || block === 0x380)
  .map((block) =>
    Array.from({ length: 1024 }, (_, i) => block * 1024 + i)
      .filter((code) => code > 0)
      .map((code) => String.fromCodePoint(code)),
  );
const plain = blocks.map((characters) => characters.join(''));
/** A sigma has another lower case at the end of a word. */
const besideSigma = blocks.map((characters) => characters.map((c) => `A${c}Σ${c}A `).join(''));

let scorers: readonly DatabaseScorer[];

beforeAll(async () => {
  scorers = await createDatabaseScorers(Object.values(models));
});

/** In Node they are what Python makes of them: test/unit/plv8/text-change.test.ts. */
test.each(Object.entries(models).map(([name, model], i) => [name, model, i] as const))(
  'all characters are in the database what they are in Node: %s',
  async (name, model, i) => {
    const texts = name === 'lowercase' ? besideSigma : plain;
    const { score } = await createScorer(model);
    const inDatabase = await scorers[i]!(texts.map((text) => [text]));
    expect(inDatabase.map(({ value }) => value)).toEqual(texts.map((text) => score({ text }).value));
  },
);
