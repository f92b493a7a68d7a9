/**
 * Holds src/formats.json and the manual's table of formats to what the conformance suite has just seen, and says what
 * differs; with --write it brings them up to date. `npm test`, or `npx vitest run test/conformance`, goes before it.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { listFormats } from '../../src/formats.ts';
import { importers } from '../../src/import/registry.ts';
import { type ConformanceRecord, contradictions, markdownTable, replaceTable, supportOf } from './formats.ts';

const RECORDS = fileURLToPath(new URL('../../.pgscore/conformance/', import.meta.url));
const FORMATS = fileURLToPath(new URL('../../src/formats.json', import.meta.url));
const MANUAL = fileURLToPath(new URL('../../README.md', import.meta.url));

function readRecords(): ConformanceRecord[] {
  const files = existsSync(RECORDS) ? readdirSync(RECORDS) : [];
  return files.flatMap(
    (file) => JSON.parse(readFileSync(`${RECORDS}${file}`, 'utf8')) as ConformanceRecord[],
  );
}

function check(): readonly string[] {
  const records = readRecords();
  if (records.length === 0) return ['no conformance run has left records: npx vitest run test/conformance'];
  const run = supportOf(records, [...importers, { format: 'typescript', title: 'TypeScript, by hand' }]);
  if (process.argv.includes('--write')) {
    writeFileSync(FORMATS, `${JSON.stringify(run, null, 1)}\n`);
    writeFileSync(MANUAL, replaceTable(readFileSync(MANUAL, 'utf8'), markdownTable(run)));
  }
  const kept = existsSync(FORMATS) ? listFormats() : [];
  const manual = readFileSync(MANUAL, 'utf8');
  const stale =
    manual === replaceTable(manual, markdownTable(kept))
      ? []
      : ['README.md: not the table of src/formats.json'];
  return [...contradictions(kept, run), ...stale];
}

const found = check();
if (found.length > 0) {
  console.error(
    `src/formats.json and README.md do not say what the conformance suite found:\n${found.join('\n')}`,
  );
  console.error('npm run generate:formats brings them up to date.');
  process.exitCode = 1;
}
