import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ModelCache } from '../../../src/sidecar/model-cache.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgscore-cache-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function hashOf(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Gives the bytes in pieces of three, and counts how often it is asked. */
function source(bytes: string) {
  const counted = { fetches: 0 };
  async function* file() {
    counted.fetches += 1;
    for (let i = 0; i < bytes.length; i += 3) yield Buffer.from(bytes.slice(i, i + 3));
  }
  return Object.assign(counted, { file });
}

test('a file is fetched once, and found again by another process', async () => {
  const { file, ...counted } = source('model bytes');
  const origin = Object.assign(counted, { file });
  const cache = new ModelCache({ directory });
  const [first, second] = await Promise.all([
    cache.path(hashOf('model bytes'), file),
    cache.path(hashOf('model bytes'), file),
  ]);
  expect(second).toBe(first);
  expect(await readFile(first, 'utf8')).toBe('model bytes');
  const none = async function* () {
    yield* [] as Uint8Array[];
    throw new Error('asked again');
  };
  expect(await new ModelCache({ directory }).path(hashOf('model bytes'), none)).toBe(first);
  expect(origin).toBeDefined();
});

test('other bytes than those that were deployed are refused and leave nothing behind', async () => {
  const cache = new ModelCache({ directory });
  await expect(cache.path(hashOf('model bytes'), source('model bytez').file)).rejects.toMatchObject({
    code: 'PGS_FILE',
    message: expect.stringContaining(hashOf('model bytez')),
  });
  expect(await readdir(directory)).toEqual([]);
});

test('a source that breaks off leaves nothing behind, and the next attempt succeeds', async () => {
  const cache = new ModelCache({ directory });
  async function* broken() {
    yield Buffer.from('mod');
    throw new Error('connection lost');
  }
  await expect(cache.path(hashOf('model bytes'), broken)).rejects.toThrow('connection lost');
  expect(await readdir(directory)).toEqual([]);
  await expect(cache.path(hashOf('model bytes'), source('model bytes').file)).resolves.toContain(directory);
});

test('a dropped file is fetched again', async () => {
  const cache = new ModelCache({ directory });
  const path = await cache.path(hashOf('abc'), source('abc').file);
  await writeFile(path, 'damaged');
  await cache.drop(hashOf('abc'));
  expect(await readFile(await cache.path(hashOf('abc'), source('abc').file), 'utf8')).toBe('abc');
});

test('above its limit those go that were not used for longest', async () => {
  const cache = new ModelCache({ directory, maxBytes: 10 });
  const old = await cache.path(hashOf('aaaa'), source('aaaa').file);
  const recent = await cache.path(hashOf('bbbb'), source('bbbb').file);
  await utimes(old, 1000, 1000);
  await utimes(recent, 2000, 2000);
  await cache.path(hashOf('cccc'), source('cccc').file);
  expect((await readdir(directory)).sort()).toEqual([hashOf('bbbb'), hashOf('cccc')].sort());
});
