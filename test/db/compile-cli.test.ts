import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliResult, runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'pgscore-compile-'));
  writeFileSync(
    join(folder, 'scorer.ts'),
    '/** @plv8ify_volatility IMMUTABLE */\nexport const half = (x: number): number => x / 2;\n',
  );
  writeFileSync(join(folder, 'wrong.ts'), 'export const half = (x: number): string => x;\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function compile(...args: string[]): Promise<CliResult> {
  return await runCli(['compile', ...args], { cwd: folder, env: { DATABASE_URL: database.url } });
}

describe('pgscore compile', () => {
  it('prints statements for PL/v8', async () => {
    const { code, stdout, stderr } = await compile('scorer.ts');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(
      'CREATE OR REPLACE FUNCTION "half"("x" float8)\nRETURNS float8\nLANGUAGE plv8\n',
    );
  });

  it('writes a file for the database’s own engine, which the database takes', async () => {
    const { code, stdout } = await compile(
      'scorer.ts',
      '--engine',
      'auto',
      '--schema',
      'public',
      '--out',
      'half.sql',
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'half.sql: "public"."half"(float8)\n' });
    const client = await database.client();
    await client.query(readFileSync(join(folder, 'half.sql'), 'utf8'));
    expect((await client.query('SELECT half(5) AS half')).rows).toEqual([{ half: 2.5 }]);
  });

  it('prints one JSON object', async () => {
    const { stdout } = await compile('scorer.ts', '--engine', 'pljs', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      engine: 'pljs',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      functions: [
        { name: 'half', returns: 'float8', volatility: 'IMMUTABLE', parallel: 'UNSAFE', setOf: false },
      ],
    });
  });

  it('names the place of an error, as text and as JSON', async () => {
    const text = `wrong.ts:1:44: Type 'number' is not assignable to type 'string'. (TS2322)`;
    expect(await compile('wrong.ts')).toMatchObject({ code: 1, stdout: '', stderr: `pgscore: ${text}\n` });
    const { stderr } = await compile('wrong.ts', '--json');
    expect(JSON.parse(stderr)).toEqual({ error: { code: 'PGS_COMPILE', message: text, hint: null } });
  });

  it('refuses an unknown engine, and a file that cannot be written', async () => {
    const { code, stderr } = await compile('scorer.ts', '--out', 'absent/half.sql');
    expect(code).toBe(2);
    expect(stderr).toContain('pgscore: --out absent/half.sql: ENOENT');
    expect(await compile('scorer.ts', '--engine', 'plperl')).toMatchObject({ code: 2 });
  });
});
