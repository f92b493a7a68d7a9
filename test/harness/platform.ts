import { existsSync } from 'node:fs';
import { beforeEach } from 'vitest';

/** Where the local server can be provided at all. */
export const hasLocalServer = process.platform === 'linux' && existsSync('/usr/bin/apt-get');

/** Skips a file's tests where there can be no local server; with PGSCORE_TEST_DATABASE_URL the others still run. */
export function needLocalServer(): void {
  beforeEach(({ skip }) => {
    skip(!hasLocalServer, 'the local server needs Linux with apt');
  });
}
