import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CompiledModule,
  type CompileOptions,
  compileFile,
  compileSource,
} from '../../../src/compile/compile.ts';
import type { PgscoreError } from '../../../src/errors.ts';

/** A folder without a tsconfig.json above it: the strict defaults hold. */
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgscore-compile-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function compile(text: string, options?: CompileOptions): Promise<CompiledModule> {
  return await compileSource(text, join(folder, 'scorer.ts'), options);
}

/** The head of each statement, without the body. */
async function heads(text: string, options?: CompileOptions): Promise<string[]> {
  const { functions } = await compile(text, options);
  return functions.map(({ sql }) => sql.slice(0, sql.indexOf('\nAS $')).replaceAll('\n', ' '));
}

async function failure(text: string, options?: CompileOptions): Promise<PgscoreError> {
  const error: unknown = await compile(text, options).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(error).toMatchObject({ name: 'PgscoreError', code: 'PGS_COMPILE' });
  return error as PgscoreError;
}

describe('types', () => {
  it.each([
    ['number', 'float8', 'float8'],
    ['1 | 2', 'float8', 'float8'],
    ['string | null', 'text', 'text'],
    [`'a' | 'b' | undefined`, 'text', 'text'],
    ['boolean', 'boolean', 'boolean'],
    ['bigint', 'int8', 'int8'],
    ['Date', 'timestamptz', 'timestamptz'],
    ['Uint8Array', 'bytea', 'bytea'],
    ['number[]', 'float8[]', 'float8[]'],
    ['readonly (string | null)[]', 'text[]', 'text[]'],
    ['[number, number]', 'float8[]', 'float8[]'],
    ['Date[]', 'timestamptz[]', 'timestamptz[]'],
    ['Float64Array', 'float8[]', 'float8[]'],
    ['Float32Array', 'float4[]', 'float4[]'],
    ['number[][]', 'jsonb', 'jsonb'],
    ['{ a: number }', 'jsonb', 'jsonb'],
    ['{ a: number }[]', 'jsonb', 'jsonb'],
    ['Record<string, number>', 'jsonb', 'jsonb'],
    ['number | string', 'jsonb', 'jsonb'],
    ['unknown', 'jsonb', 'jsonb'],
    ['number & { readonly brand: "id" }', 'float8', 'float8'],
  ])('%s is %s', async (type, argument, result) => {
    const [head] = await heads(`export const f = (x: ${type}): ${type} => x;`);
    expect(head).toBe(
      `CREATE OR REPLACE FUNCTION "f"("x" ${argument}) RETURNS ${result} LANGUAGE plv8 ` +
        'VOLATILE PARALLEL UNSAFE CALLED ON NULL INPUT',
    );
  });

  it('are inferred where the source leaves them out', async () => {
    expect(await heads('export function f(x = 1) { return x > 1 ? [`a`] : null; }')).toEqual([
      expect.stringContaining('"f"("x" float8) RETURNS text[] '),
    ]);
  });

  it.each([
    ['() => number', 'a function has no SQL type'],
    ['symbol', 'a symbol has no SQL type'],
    ['Map<string, number>', 'Map has no SQL type'],
    ['Promise<number>', 'Promise is asynchronous, and a SQL function cannot wait for it'],
    ['null', 'a type without values has no SQL type'],
  ])('%s has no mapping', async (type, reason) => {
    const { message, hint } = await failure(`\nexport function f(a: number,\n    x: ${type}): void {}`);
    expect(message).toBe(`${join(folder, 'scorer.ts')}:3:5: parameter 'x': ${reason}`);
    expect(message).not.toContain('undefined');
    if (type !== 'null') expect(hint).toContain('use number, string');
  });

  it('refuses an asynchronous result', async () => {
    expect((await failure('export async function f(): Promise<number> { return 1; }')).message).toContain(
      'scorer.ts:1:1: the result: Promise is asynchronous',
    );
  });

  it('refuses a type parameter', async () => {
    expect((await failure('export function f<T>(x: T): void {}')).message).toContain('type parameter');
  });
});

describe('tags', () => {
  it('declare types, volatility, parallel safety, schema and strictness', async () => {
    const text = `
      /**
       * Greets.
       * @plv8ify_param {varchar(255)} first_name the first
       * @plv8ify_param { numeric(10, 2)[] } amounts
       * @plv8ify_return {char(255)}
       * @plv8ify_volatility immutable
       * @plv8ify_parallel RESTRICTED
       * @plv8ify_schema_name Scoring
       * @pgscore_strict
       */
      export function howdy(first_name: string, amounts: number[]): string { return first_name + amounts; }`;
    expect(await heads(text)).toEqual([
      'CREATE OR REPLACE FUNCTION "scoring"."howdy"("first_name" varchar(255), "amounts" numeric(10, 2)[]) ' +
        'RETURNS char(255) LANGUAGE plv8 IMMUTABLE PARALLEL RESTRICTED RETURNS NULL ON NULL INPUT',
    ]);
  });

  it.each([
    ['@plv8ify_return {setof my_table}', 'SETOF my_table'],
    ['@plv8ify_returns {SETOF "My Schema"."Row"}', 'SETOF "My Schema"."Row"'],
    ['@plv8ify_return {table(A int, "B" text[])}', 'TABLE ("a" int, "B" text[])'],
    ['@plv8ify_return {timestamp(3) with time zone}', 'timestamp(3) with time zone'],
  ])('%s', async (tag, returns) => {
    const { functions } = await compile(`/** ${tag} */ export function f(): unknown { return null; }`);
    expect(functions[0]).toMatchObject({ returns, setOf: /set|table/i.test(tag) });
  });

  it('gives a set for a generator', async () => {
    expect(await heads('export function* f() { yield { a: 1 }; }')).toEqual([
      expect.stringContaining('RETURNS SETOF jsonb'),
    ]);
  });

  it('makes a trigger function without arguments', async () => {
    const { functions } = await compile(
      '/** @plv8ify_trigger */ export function f(NEW: { a: number }) { return TG_OP === "DELETE" ? null : NEW; }',
    );
    expect(functions[0]).toMatchObject({ returns: 'trigger', isTrigger: true, arguments: [] });
  });

  it.each([
    ['@plv8ify_volatile', '() => 1', 'there is no tag @plv8ify_volatile', '@plv8ify_volatility'],
    ['@plv8ify_volatility FIXED', '() => 1', `'FIXED' is none of its values`, 'IMMUTABLE, STABLE, VOLATILE'],
    ['@plv8ify_parallel', '() => 1', `@plv8ify_parallel '' is none`, 'SAFE, RESTRICTED, UNSAFE'],
    ['@plv8ify_param {text} y', '(x: string) => x', `no parameter 'y'`, 'its parameters are: x'],
    ['@plv8ify_param text x', '(x: string) => x', `cannot read '@plv8ify_param text x'`, '{sql type}'],
    ['@plv8ify_param {text; drop table t} x', '(x: string) => x', 'cannot read', '{sql type}'],
    ['@plv8ify_return {text) --}', '() => `a`', 'cannot read', '{setof sql type}'],
    ['@plv8ify_schema_name a.b', '() => 1', `'a.b' is no schema name`, 'one name'],
    [
      '@plv8ify_param {text} x',
      '(x: number) => x',
      'text and the TypeScript type (number)',
      'change the type',
    ],
    ['@plv8ify_return {boolean}', '() => 1', 'boolean and the TypeScript type (number)', 'change the type'],
    ['@plv8ify_return {table(x int)}', '(x: number) => x', `'x' is used twice`, 'rename'],
    ['@plv8ify_trigger', '(row: object) => row', `a trigger has no variable 'row'`, 'NEW, OLD'],
  ])('%s on %s is an error', async (tag, code, message, hint) => {
    const error = await failure(`/**\n * ${tag}\n */\nexport const f = ${code};`);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/scorer\.ts:[24]:\d+: /);
    expect(error.hint).toContain(hint);
  });
});

describe('names', () => {
  it('fold like unquoted SQL names, and are quoted', async () => {
    expect(
      await heads('export function riskScore(userId: number, order: number): void { void [userId, order]; }'),
    ).toEqual([
      expect.stringContaining('FUNCTION "riskscore"("userid" float8, "order" float8) RETURNS void'),
    ]);
  });

  it.each([
    ['(userId: number, userid: number) => userId + userid', `'userId' and 'userid' are the same name in SQL`],
    ['(Class: number) => Class', `the engine cannot name an argument 'class'`],
    ['({ a }: { a: number }) => a', 'a destructured parameter has no name for SQL'],
    ['(...a: number[]) => a', 'a rest parameter cannot become an SQL argument'],
    [`(${'a'.repeat(64)}: number) => 1`, 'longer than the 63 bytes'],
    [`(${Array.from({ length: 101 }, (_, i) => `a${i}: number`).join()}) => 1`, 'has 101 parameters'],
  ])('%s', async (code, message) => {
    expect((await failure(`\nexport const f = ${code};`)).message).toMatch(/scorer\.ts:2:\d+: /);
    expect((await failure(`\nexport const f = ${code};`)).message).toContain(message);
  });

  it('differ in more than case', async () => {
    expect((await failure('export const fA = () => 1;\nexport const fa = () => 2;')).message).toContain(
      `scorer.ts:2:19: 'fA' and 'fa' are the same name in SQL`,
    );
  });

  it('are no reserved words of JavaScript on PLJS', async () => {
    await compile('export function New() { return 1; }');
    expect((await failure('export function New() { return 1; }', { engine: 'pljs' })).message).toContain(
      `PLJS cannot name a function 'new'`,
    );
  });
});

describe('sources', () => {
  it('take the schema from the options unless a tag gives one', async () => {
    const { functions } = await compile(
      'export const a = () => 1;\n/** @plv8ify_schema_name own */\nexport const b = () => 2;',
      { schema: 'Common' },
    );
    expect(functions.map(({ signature }) => signature)).toEqual(['"common"."a"()', '"own"."b"()']);
  });

  it('give the functions that they declare and export, in their order', async () => {
    writeFileSync(join(folder, 'other.ts'), 'export const far = () => 1;');
    const { functions } = await compile(`
      export { far } from './other.ts';
      function late() { return 2; }
      export class Model {}
      export interface Row { a: number }
      export const limit = 5;
      function hidden() { return 3; }
      export { late as renamed };
      export default function last() { return hidden(); }`);
    expect(functions.map(({ name }) => name)).toEqual(['renamed', 'last']);
  });

  it('must export a function', async () => {
    expect((await failure('const a = 1;')).message).toContain('the file exports no function');
    expect((await failure('export const a = 1;')).message).toContain('the file exports no function');
  });

  it.each([
    ['export const f = (x: number): string => x;', `scorer.ts:1:41: Type 'number' is not assignable`],
    ['export const f = (x) => x;', `scorer.ts:1:19: Parameter 'x' implicitly has an 'any' type. (TS7006)`],
    ['export const f = (;', 'scorer.ts:1:19: '],
    [
      `import { x } from 'no-such-package';\nexport const f = () => x;`,
      `Cannot find module 'no-such-package'`,
    ],
  ])('are checked: %s', async (text, message) => {
    expect((await failure(text)).message).toContain(message);
  });

  it('may use the engine’s names undeclared', async () => {
    const { functions } = await compile('export function f() { plv8.elog(NOTICE, "x"); return 1; }', {
      engine: 'pljs',
    });
    expect(functions[0]!.body).toContain('pljs.elog(NOTICE,"x")');
  });

  it('may use console on PL/v8, which has it', async () => {
    const text = 'export function f(): void { console.log(1); }';
    expect((await compile(text)).functions).toHaveLength(1);
    expect((await failure(text, { engine: 'pljs' })).message).toContain(`Cannot find name 'console'`);
  });

  it('follow the nearest tsconfig.json', async () => {
    const nested = mkdtempSync(join(folder, 'loose-'));
    writeFileSync(
      join(nested, 'tsconfig.json'),
      '{ "compilerOptions": { "strict": false, "lib": ["es2023"], "composite": true, "tsBuildInfoFile": "x" } }',
    );
    writeFileSync(join(nested, 'globals.d.ts'), 'declare const threshold: number;');
    writeFileSync(join(nested, 'scorer.ts'), 'export const f = (x) => x > threshold;');
    const { functions } = await compileFile(join(nested, 'scorer.ts'));
    expect(functions[0]).toMatchObject({ returns: 'boolean', arguments: [{ name: 'x', sqlType: 'jsonb' }] });
  });

  it('must exist', async () => {
    await expect(compileFile(join(folder, 'absent.ts'))).rejects.toMatchObject({
      code: 'PGS_COMPILE',
      message: expect.stringContaining('the file cannot be read'),
    });
  });
});

describe('statements', () => {
  it('cannot be ended by the bundle', async () => {
    const { functions } = await compile('export const f = () => "$$ $pgscore$ $q12345678$";');
    const { sql, body } = functions[0]!;
    const quote = /\nAS (\$[^$]*\$)\n/.exec(sql)![1]!;
    expect(sql.split(quote)).toEqual([expect.stringContaining('CREATE'), `\n${body}\n`, ';\n']);
  });

  it('share one bundle, named by its hash', async () => {
    const { bundle, functions } = await compile('export const a = () => 1; export const b = () => 2;');
    for (const { body } of functions) expect(body).toContain(`globalThis["pgscore:${bundle.hash}"]`);
  });

  it('do not depend on where the source lies', async () => {
    const text = 'export const f = (x: string): string => x + 1;';
    const here = await compile(text);
    const there = await compileSource(text, join(tmpdir(), 'scorer.ts'));
    expect(there.sql).toBe(here.sql);
  });
});
