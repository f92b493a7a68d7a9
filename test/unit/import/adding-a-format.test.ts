import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScorer } from '../../../src/codegen/score.ts';
import type { Importer, ModelFile } from '../../../src/import/importer.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { validate } from '../../../src/ir/validate.ts';

/** The example of the manual's contributing part, run as it stands there. */
const manual = readFileSync('README.md', 'utf8');
const example = /^```ts\n\/\/ src\/import\/score-card\/index\.ts\n([\s\S]*?)^```$/m.exec(manual)![1]!;

let folder: string;
let scoreCard: Importer;

beforeAll(async () => {
  // Below the repository, where its imports are resolved like those of the sources.
  mkdirSync('.pgscore', { recursive: true });
  folder = mkdtempSync('.pgscore/format-');
  const source = example.replace(/from '\.\.\/(?:\.\.\/)?/g, (start) =>
    start.endsWith("'../../") ? "from '../../src/" : "from '../../src/import/",
  );
  writeFileSync(join(folder, 'index.ts'), source);
  ({ scoreCard } = (await import(pathToFileURL(join(folder, 'index.ts')).href)) as { scoreCard: Importer });
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): ModelFile {
  return { name: 'two.txt', bytes: Buffer.from(text) };
}

describe('the format that the manual adds', () => {
  it('is recognised by its first bytes', () => {
    expect(scoreCard.recognises(file('score card\na 1\n'))).toBe(true);
    expect(scoreCard.recognises(file('tree\n'))).toBe(false);
  });

  it('scores in the reference evaluator and in Node', async () => {
    const { model } = scoreCard.read(file('score card\na 1\nb 2\n'), {});
    expect(validate(model)).toEqual([]);
    // 1 × 3 + 2 × 5
    expect(evaluate(model, [3, 5]).prediction.value).toBe(13);
    expect((await createScorer(model)).score({ a: 3, b: 5 }).value).toBe(13);
  });

  it('says where a file is wrong', () => {
    expect(() => scoreCard.read(file('score card\na one\n'), {})).toThrow(
      'two.txt, line 2: "a one" is no "feature weight"',
    );
  });
});
