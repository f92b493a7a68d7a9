import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { ensureBuilt, runProgram } from '../harness/cli.ts';

/** Prints the packages that are loaded when the library is imported and scores with a module's own code. */
const SCRIPT = `
import { register } from 'node:module';
const hook = \`export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  if (found.url.includes('/node_modules/')) console.log(found.url.split('/node_modules/').at(-1).split('/')[0]);
  return found;
}\`;
register('data:text/javascript,' + encodeURIComponent(hook), import.meta.url);
const library = await import(process.argv[2]);
console.log(typeof library.loadModel, typeof library.planDeploy, typeof library.compileScorer);
`;

it('is imported without the TypeScript compiler, the bundler and the database clients', async () => {
  await ensureBuilt();
  const folder = await mkdtemp(join(tmpdir(), 'pgscore-library-'));
  try {
    writeFileSync(join(folder, 'import.mjs'), SCRIPT);
    const { code, stdout, stderr } = await runProgram(process.execPath, [
      join(folder, 'import.mjs'),
      pathToFileURL('dist/index.js').href,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const packages = stdout.trim().split('\n');
    expect(packages.at(-1)).toBe('function function function');
    for (const heavy of [
      'typescript',
      'esbuild',
      'pg',
      'kysely',
      'node-pg-migrate',
      'csv-parse',
      'commander',
    ]) {
      expect(packages).not.toContain(heavy);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
