import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgscoreError } from '../../../src/errors.ts';
import { compileScorer, type HandWrittenScorer } from '../../../src/scorer/scorer.ts';

/** A folder without a tsconfig.json above it: the strict defaults hold. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgscore-scorer-'));
  write(
    'node_modules/dice/package.json',
    '{ "name": "dice", "version": "1.0.0", "main": "index.js", "types": "index.d.ts" }',
  );
  write(
    'node_modules/dice/index.js',
    'exports.fair = (x) => x / 6;\nexports.roll = () => 1 +\n  Math.random();\nexports.when = () => process.hrtime();\n',
  );
  write(
    'node_modules/dice/index.d.ts',
    'export function fair(x: number): number;\nexport function roll(): number;\n',
  );
  write(
    'node_modules/tidy/package.json',
    '{ "name": "tidy", "version": "1.0.0", "type": "module", "main": "index.js", "types": "index.d.ts" }',
  );
  write(
    'node_modules/tidy/index.js',
    'export const half = (x) => x / 2;\nexport const now = () => Date.now();\n',
  );
  write(
    'node_modules/tidy/index.d.ts',
    'export function half(x: number): number;\nexport function now(): number;\n',
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function compile(text: string, wanted?: string): Promise<HandWrittenScorer> {
  return await compileScorer(write('scorer.ts', text), wanted === undefined ? {} : { function: wanted });
}

/** `place: message`, the place without its folder. */
async function failure(
  text: string,
  wanted?: string,
): Promise<{ message: string; hint: string | undefined }> {
  const error = await compile(text, wanted).then(
    () => undefined,
    (cause: unknown) => cause as PgscoreError,
  );
  expect(error).toMatchObject({ name: 'PgscoreError' });
  return { message: error!.message.replaceAll(`${folder}/`, ''), hint: error!.hint };
}

describe('features', () => {
  it('are the parameters, with their types', async () => {
    const { signature } = await compile(
      `export const score = (age: number | null, plan: 'b' | 'a', tier: 2 | 1, vip: boolean, city?: string): number => age ?? 0;`,
    );
    expect(signature.features).toEqual([
      { kind: 'number', name: 'age' },
      { kind: 'text', name: 'plan', categories: ['a', 'b'] },
      { kind: 'number', name: 'tier', categories: [1, 2] },
      { kind: 'number', name: 'vip', categories: [0, 1] },
      { kind: 'text', name: 'city', categories: [] },
    ]);
  });

  it('are the properties of one object, destructured or not, inherited ones too', async () => {
    const row = `interface Base { tenure: number | null }\ninterface Row extends Base { 'Monthly charges'?: number }\n`;
    for (const parameter of ['row: Row', '{ tenure }: Row']) {
      const { signature } = await compile(`${row}export function score(${parameter}): number { return 1; }`);
      expect(signature.features.map(({ name }) => name).sort()).toEqual(['Monthly charges', 'tenure']);
    }
  });

  it.each([
    ['any', 'x: any', `scorer.ts:1:23: 'x': any is no type of a feature`],
    ['unknown', 'x: unknown', `scorer.ts:1:23: 'x': unknown is no type of a feature`],
    ['a list', 'x: number, y: number[]', `scorer.ts:1:34: 'y': number[] is no type of a feature`],
    ['a date', 'x: Date | null', `scorer.ts:1:23: 'x': Date | null is no type of a feature`],
    ['mixed', 'x: number | string', `scorer.ts:1:23: 'x': string | number is no type of a feature`],
    ['an object in the row', 'x: { a: { b: 1 } }', `scorer.ts:1:28: 'a': { b: 1; } is no type of a feature`],
    [
      'an index',
      'x: Record<string, number>',
      'scorer.ts:1:23: the type Record<string, number> does not name its properties',
    ],
    ['two objects', 'x: { a: 1 }, y: { b: 1 }', `scorer.ts:1:23: 'x': { a: 1; } is no type of a feature`],
    ['nothing', '', 'scorer.ts:1:1: the scorer takes no features'],
    ['a rest', '...x: number[]', 'scorer.ts:1:23: a rest parameter names no features'],
    ['an optional row', 'x?: { a: 1 }', `scorer.ts:1:23: 'x': { a: 1; } | undefined is no type of a feature`],
  ])('cannot be %s', async (_, parameters, message) => {
    const found = await failure(`export function score(${parameters}): number { return 1; }`);
    expect(found.message).toBe(message);
    expect(found.hint).toBeDefined();
  });
});

describe('results', () => {
  it.each([
    ['number | null', 'regression', { meaning: 'what score() returns' }],
    [`'yes' | 'no' | null`, 'binary', { classes: { labels: ['no', 'yes'] } }],
    [`'c' | 'b' | 'a'`, 'multiclass', { classes: { labels: ['a', 'b', 'c'] } }],
    ['boolean', 'binary', { classes: { labels: ['false', 'true'] } }],
    [
      `{ value: number; label: 'no' | 'yes'; probabilities: Record<'yes' | 'no', number>; raw: [number]; values?: [number, number] }`,
      'binary',
      { classes: { labels: ['no', 'yes'], probabilities: ['no', 'yes'] }, values: [undefined, undefined] },
    ],
    [
      '{ value: number | null; probabilities: { low: number; high: number } | null }',
      'binary',
      { classes: { labels: ['high', 'low'], probabilities: ['high', 'low'] } },
    ],
  ])('%s is %s', async (type, task, output) => {
    const { signature } = await compile(
      `export const score = (x: number): ${type} => { throw new Error('no'); };`,
    );
    expect(signature).toMatchObject({ task, output });
  });

  it.each([
    ['string', 'the result is any string, and the classes have to be known'],
    ['Promise<number>', 'the result: Promise is asynchronous, and a SQL function cannot wait for it'],
    ['number[]', 'the result: number[] is no type of a prediction'],
    ['any', 'the result: any is no type of a prediction'],
    ['{ label: "a" }', "the result's 'value' has to be a number, or null"],
    ['{ value: number; score: number }', "the result's 'score' is no part of a prediction"],
    ['{ value: number; raw: number[] }', "the result's 'raw' does not say how many numbers it holds"],
    ['{ value: number; label: string }', "the result's 'label' names no classes"],
    [
      '{ value: number; probabilities: Record<string, number> }',
      "the result's 'probabilities' have to be an object of numbers whose keys are the classes",
    ],
    [
      '{ value: number; label: "a" | "b"; probabilities: { a: number; c: number } }',
      'the label is one of a, b, the probabilities are of a, c',
    ],
  ])('cannot be %s', async (type, message) => {
    const found = await failure(`export const score = (x: number): ${type} => { throw new Error('no'); };`);
    expect(found).toEqual({ message: `scorer.ts:1:35: ${message}`, hint: expect.stringMatching(/./) });
  });

  it.each([
    [
      'async (x: number) => x',
      'scorer.ts:1:22: the result: Promise is asynchronous, and a SQL function cannot wait for it',
    ],
    [
      'function* (x: number): Generator<number> { yield x; }',
      'scorer.ts:1:22: a generator gives no single prediction',
    ],
    [
      '<T extends number>(x: T): number => x',
      "scorer.ts:1:23: the type parameter 'T' leaves the features without types",
    ],
  ])('cannot come from %s', async (text, message) => {
    expect((await failure(`export const score = ${text};`)).message).toBe(message);
  });
});

describe('the function', () => {
  const two =
    'export const low = (x: number): number => x;\nexport default function high(y: number): number { return y; }\n';

  it('is chosen by name, a default export by its own', async () => {
    expect((await compile(two, 'low')).signature.features[0]!.name).toBe('x');
    for (const name of ['high', 'default']) {
      expect((await compile(two, name)).signature.features[0]!.name).toBe('y');
    }
  });

  it('has to be named when there are several', async () => {
    expect(await failure(two)).toEqual({
      message: 'scorer.ts exports several functions: low, high',
      hint: 'Choose one with --function NAME.',
    });
    expect((await failure(two, 'middle')).message).toBe('scorer.ts exports no function "middle": low, high');
  });
});

describe('purity', () => {
  it.each([
    ['Math.random()', 'Math.random()'],
    [`Math['random']()`, 'Math.random()'],
    ['(({ random }) => random())(Math)', 'Math.random()'],
    ['Date.now()', 'Date.now()'],
    ['new Date().getTime()', 'new Date() without arguments'],
    ['Date().length', 'Date() as a function'],
    ['new Date(2024, 1, 1).getTime()', 'new Date(year, month, …)'],
    [`new Date('2024-01-01T00:00:00').getTime()`, 'new Date(text)'],
    ['new Date(x).getHours()', 'getHours()'],
    [`'a'.localeCompare('b')`, 'localeCompare()'],
    ['Intl.NumberFormat.length', 'Intl'],
    ['pljs.version', 'pljs'],
    ['TG_ARGV.length', 'TG_ARGV'],
    ['eval(`1`)', 'eval'],
    ['(declared as any)()', 'declared'],
    ['(count += 1)', 'a variable of the module that a call changes'],
    ['count++', 'a variable of the module that a call changes'],
  ])('%s is refused', async (expression, what) => {
    const text = `declare const declared: unknown;\nlet count = 0;\nexport function score(x: number): number {\n  return count + ${expression};\n}`;
    const { message, hint } = await failure(text);
    const column = expression.startsWith('(({') ? 22 : /^\(/.test(expression) ? 19 : 18;
    expect(message).toBe(`scorer.ts:4:${column}: ${what} is not allowed in a scorer`);
    expect(hint).toMatch(/./);
  });

  it.each([
    ['a process', 'process.pid'],
    ['the network', 'fetch.length'],
  ])('%s is refused where types declare it', async (_, expression) => {
    write('ambient/tsconfig.json', '{ "compilerOptions": { "strict": true, "lib": ["es2023", "dom"] } }');
    write('ambient/node.d.ts', 'declare var process: { pid: number };');
    const path = write('ambient/scorer.ts', `export const score = (x: number): number => x + ${expression};`);
    await expect(compileScorer(path)).rejects.toMatchObject({
      message: expect.stringMatching(/ambient\/scorer\.ts:1:49: (process|fetch) is not allowed in a scorer$/),
    });
  });

  it('sees into the packages that are bundled, where they are written', async () => {
    const { message } = await failure(
      `import { roll } from 'dice';\nexport const score = (x: number): number => x + roll();`,
    );
    expect(message).toBe(
      'node_modules/dice/index.js:3:3: Math.random() is not allowed in a scorer\n' +
        'node_modules/dice/index.js:4:22: process is not allowed in a scorer',
    );
  });

  it('takes no offence at parts of a package that are not used, nor at names of the scorer’s own', async () => {
    await compile(
      `import { half } from 'tidy';
      const console = { getHours: (x: number) => x };
      type fetch = number;
      export const score = (process: fetch): number => {
        let count = 0;
        count += half(process);
        return console.getHours(count) + new Date(0).getUTCHours() + (typeof count === 'number' ? Math.abs(1) : 0);
      };`,
    );
  });
});
