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

/** Runs it small, and finds a number in every cell. */
async function smoke(...args: readonly string[]): Promise<Report> {
  const result = await runProgram(
    process.execPath,
    ['--import', `${bench}typescript.mjs`, `${bench}main.ts`, '--smoke', '--json', ...args],
    { env: { PGSCORE_BENCH_DATABASE_URL: inject('pgscore').serverUrl } },
  );
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  const report = JSON.parse(result.stdout) as Report;
  for (const { rows } of report.sections) {
    expect(rows.length).toBeGreaterThan(2);
    for (const { name, values } of rows) {
      expect(Object.values(values).every(Number.isFinite), `${name}: ${JSON.stringify(values)}`).toBe(true);
    }
  }
  return report;
}

test('a small run of the benchmark measures every section', async () => {
  const { environment, sections } = await smoke();
  const { engine } = inject('pgscore');
  expect(environment.engine).toContain(engine);
  expect(sections.map(({ title }) => title.split(/[.:]? /)[0])).toEqual(
    expect.arrayContaining(['1', '2', '3a', '3b', '4', '5', '6a', '6c', '7', '8', '9', '10']),
  );
}, 150_000);

test('a soak of some seconds scores what is written and tells of each period', async () => {
  const { sections } = await smoke('--soak', '0.1');
  expect(sections.map(({ rows }) => rows.map(({ name }) => name))).toEqual([
    ['3 s', '6 s', 'slope of the second half, MB/minute'],
  ]);
}, 60_000);
