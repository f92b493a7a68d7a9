import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';
import type { ConformanceRecord } from './formats.ts';

/** Where a run leaves what it has seen, a file for each test file; formats.ts makes the tables of formats from them. */
export const RECORDS = fileURLToPath(new URL('../../.pgscore/conformance/', import.meta.url));

const records: ConformanceRecord[] = [];

/** Keeps that a case passed, or that a model was refused as it should be. Called after every assertion of a test. */
export function record(entry: ConformanceRecord): void {
  records.push(entry);
}

/** Keeps why a model is refused: `act` has been seen to throw. The message goes without the file that it starts with. */
export function recordRefusal(format: string, name: string, act: () => unknown): void {
  try {
    act();
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0]!.replace(/^\S+\.\w+: /, '');
    record({ kind: 'refused', format, case: name, reason });
  }
}

afterAll(() => {
  if (records.length === 0) return;
  mkdirSync(RECORDS, { recursive: true });
  const file = basename(expect.getState().testPath!).replace(/\.ts$/, '.json');
  writeFileSync(join(RECORDS, file), JSON.stringify(records));
});
