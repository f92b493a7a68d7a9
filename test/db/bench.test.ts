import { fileURLToPath } from 'node:url';
import { expect, inject, test } from 'vitest';
import { runProgram } from '../harness/cli.ts';

const bench = fileURLToPath(new URL('../bench/', import.meta.url));

interface Report {
  readonly environment: Readonly<Record<string, string>>;
  readonly sections: readonly {
    readonly title: string;
    readonly rows: readonly { readonly name: string; readonly values: Readonly<Record<string, number>> }[];
  }[];
}

test('a small run of the benchmark measures every section', async () => {
  const { serverUrl, engine } = inject('pgscore');
  const result = await runProgram(
    process.execPath,
    ['--import', `${bench}typescript.mjs`, `${bench}main.ts`, '--smoke', '--json'],
    { env: { PGSCORE_BENCH_DATABASE_URL: serverUrl } },
  );
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  const { environment, sections } = JSON.parse(result.stdout) as Report;
  expect(environment.engine).toContain(engine);
  expect(sections.map(({ title }) => title.split(/[.:]? /)[0])).toEqual(
    expect.arrayContaining(['1', '2', '3a', '3b', '4', '5', '6a', '6c']),
  );
  for (const { rows } of sections) {
    expect(rows.length).toBeGreaterThan(2);
    for (const { name, values } of rows) {
      expect(Object.values(values).every(Number.isFinite), `${name}: ${JSON.stringify(values)}`).toBe(true);
    }
  }
}, 120_000);
