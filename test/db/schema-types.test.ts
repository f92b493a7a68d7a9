import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { createTestDatabase } from '../harness/database.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const ARGUMENTS = [
  ...['--dialect', 'postgres', '--out-file', 'src/db/schema.ts', '--default-schema', 'none'],
  ...['--include-pattern', '(pgscore|pgscore_internal).*'],
];

/** `npm run generate:schema` runs this with GENERATE=1, which writes the file in place of comparing it. */
it('src/db/schema.ts holds the types of the migrated schema', async () => {
  const database = await createTestDatabase();
  const mode = process.env.GENERATE === '1' ? [] : ['--verify'];
  const run = promisify(execFile)(
    `${root}node_modules/.bin/kysely-codegen`,
    [...ARGUMENTS, '--url', database.url, ...mode],
    { cwd: root },
  );
  await expect(run, 'npm run generate:schema brings it up to date').resolves.toBeDefined();
});
