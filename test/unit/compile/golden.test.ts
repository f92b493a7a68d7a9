import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileFile } from '../../../src/compile/compile.ts';

const golden = join(import.meta.dirname, '../../golden/compile');
const sources = readdirSync(golden).filter((name) => name.endsWith('.ts'));

/** test/db/compile.test.ts runs these statements. `npx vitest run test/unit/compile/golden.test.ts -u` rewrites them. */
describe.each(['plv8', 'pljs'] as const)('golden SQL for %s', (engine) => {
  it.each(sources)('%s', async (name) => {
    const { sql } = await compileFile(join(golden, name), { engine });
    await expect(sql).toMatchFileSnapshot(join(golden, name.replace(/ts$/, `${engine}.sql`)));
  });
});
