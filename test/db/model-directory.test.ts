import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../harness/cli.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

const DIRECTORY = 'test/models/spark/forest-3.5.1';

let database: TestDatabase;
let client: pg.Client;
let folder: string;
let archive: string;

const pgscore = (...args: string[]) => runCli(args, { env: { DATABASE_URL: database.url } });

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
  folder = mkdtempSync(join(tmpdir(), 'pgscore-directory-'));
  archive = join(folder, 'forest.zip');
  const names = readdirSync(DIRECTORY, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(DIRECTORY, name)).isFile());
  const entries = files.map((name) => [
    `forest/${name}`,
    new Uint8Array(readFileSync(join(DIRECTORY, name))),
  ]);
  writeFileSync(archive, zipSync(Object.fromEntries(entries)));
});

/** (1.25, 0.75) / 2 and (0.25, 1.75) / 2, as test/conformance/spark.test.ts derives them. */
const ROWS = 'size,city\n1.5,rome\n1.6,bern\n';

describe('a model that is a directory, or its zip', () => {
  it('is inspected', async () => {
    const [directory, zip] = await Promise.all(
      [DIRECTORY, archive].map((path) => pgscore('inspect', path, '--json')),
    );
    expect(JSON.parse(directory!.stdout)).toMatchObject({
      file: 'forest-3.5.1',
      format: 'spark-ml',
      formatVersion: '3.5.1',
      objective: 'RandomForestClassificationModel',
      task: 'binary',
      outputs: { labels: ['stays', 'goes'] },
      features: [
        { name: 'size', type: 'number' },
        { name: 'city', type: 'text', categories: ['rome', 'oslo', 'bern'] },
      ],
    });
    expect(JSON.parse(zip!.stdout).features).toEqual(JSON.parse(directory!.stdout).features);
  });

  it('scores rows in Node', async () => {
    const rows = join(folder, 'rows.csv');
    writeFileSync(rows, ROWS);
    for (const path of [DIRECTORY, archive]) {
      const { stdout } = await pgscore('predict', path, '--input', rows);
      const values = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).value);
      expect(values).toEqual([0.375, 0.875]);
    }
  });

  it('becomes a JavaScript module', async () => {
    const { code, stdout } = await pgscore('compile', DIRECTORY);
    expect(code).toBe(0);
    expect(stdout).toContain('export');
  });

  it('is deployed under the hash of its files', async () => {
    expect(await pgscore('deploy', DIRECTORY, '--name', 'forest')).toMatchObject({ code: 0 });
    const { rows } = await client.query(`
      SELECT pgscore.predict('forest', '{"size": 1.6, "city": "bern"}') AS value,
             pgscore.predict_label('forest', '{"size": 1.6, "city": "bern"}') AS label,
             (SELECT source_sha256 FROM pgscore.versions) AS hash`);
    const listed = execFileSync(
      'sh',
      ['-c', "find . -type f ! -name '.*' | sed 's,^./,,' | LC_ALL=C sort | xargs sha256sum | sha256sum"],
      { cwd: DIRECTORY, encoding: 'utf8' },
    );
    expect(rows).toEqual([{ value: 0.875, label: 'goes', hash: listed.slice(0, 64) }]);
    // The same model in a zip is the same version.
    const again = await pgscore('deploy', archive, '--name', 'forest', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ version: 1, exists: true });
  });
});
