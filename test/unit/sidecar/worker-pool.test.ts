import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { modelToJson } from '../../../src/ir/json.ts';
import { ModelCache } from '../../../src/sidecar/model-cache.ts';
import { scoreBatch } from '../../../src/sidecar/score-batch.ts';
import {
  type RunnableVersion,
  VersionUnavailable,
  type WorkerEvent,
  WorkerPool,
  type WorkerPoolOptions,
} from '../../../src/sidecar/worker-pool.ts';
import { WorkerDied } from '../../../src/sidecar/worker-process.ts';
import { ensureBuilt } from '../../harness/cli.ts';
import { sumModel } from '../../harness/models.ts';
import { builtWorker, crashingWorker } from '../../harness/sidecar.ts';

let directory: string;
let events: WorkerEvent[];
let pools: WorkerPool[];

beforeAll(ensureBuilt);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pgscore-pool-'));
  events = [];
  pools = [];
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await rm(directory, { recursive: true, force: true });
});

function createPool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const pool = new WorkerPool({
    workers: 1,
    cache: new ModelCache({ directory }),
    timeoutMs: 60_000,
    maxMemoryMb: 4096,
    threads: 1,
    program: builtWorker,
    onEvent: (event) => events.push(event),
    ...options,
  });
  pools.push(pool);
  return pool;
}

/** bias + a + 2 b */
function version(bias: number): RunnableVersion {
  const bytes = deflateRawSync(modelToJson(sumModel(['a', 'b'], { bias })));
  return {
    key: `sum/${bias}`,
    name: `sum version ${bias}`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    file: async function* () {
      yield bytes;
    },
  };
}

const VERSION = version(0);

function kinds(): string[] {
  return events.map(({ kind }) => kind);
}

test('rows are scored; those that do not fit are told apart', async () => {
  const result = await createPool().run(
    VERSION,
    [
      ['1', '2'],
      ['x', '2'],
      [null, '0.25'],
    ],
    { predictions: true },
  );
  expect([...result.values]).toEqual([5, Number.NaN, 0.5]);
  expect(result.predictions).toMatchObject([{ value: 5, raw: [5] }, null, { value: 0.5 }]);
  expect(result.misfits).toEqual([{ row: 1, message: 'feature "a": "x" is no number' }]);
});

test('a worker that is killed during a run costs its run, and another one takes its place', async () => {
  const pool = createPool({ program: crashingWorker });
  await pool.run(VERSION, [['1', '1']], {});
  const hanging = pool.run(VERSION, [['777', '1']], {});
  process.kill(pool.workers[0]!.pid, 'SIGKILL');
  await expect(hanging).rejects.toMatchObject({ name: 'WorkerDied', during: 'run', message: /SIGKILL/ });
  expect([...(await pool.run(VERSION, [['1', '1']], {})).values]).toEqual([3]);
  expect(kinds()).toEqual(['loaded', 'died', 'loaded']);
});

test('a crash in native code is isolated to the row that brings it about', async () => {
  const pool = createPool({ program: crashingWorker });
  const rows = Array.from({ length: 16 }, (_, i) => [i === 11 ? '666' : String(i), '0']);
  const { values, failures } = await scoreBatch(pool, VERSION, rows, {});
  expect([...failures.keys()]).toEqual([11]);
  expect(failures.get(11)).toMatch(/the worker process ended \(signal SIGABRT\)/);
  expect([...values]).toEqual(rows.map(([a], i) => (i === 11 ? Number.NaN : Number(a))));
}, 60_000);

test('a batch whose worker is killed once goes well the second time, without being split', async () => {
  const pool = createPool({ program: crashingWorker });
  await pool.run(VERSION, [['1', '1']], {});
  const runs: number[] = [];
  const killer = {
    run: (...[of, rows, wanted]: Parameters<WorkerPool['run']>) => {
      runs.push(rows.length);
      if (runs.length > 1) return pool.run(of, rows, wanted);
      return Promise.reject(new WorkerDied('the worker process ended (signal SIGKILL)', 'run'));
    },
  };
  const { failures } = await scoreBatch(
    killer,
    VERSION,
    [
      ['1', '1'],
      ['2', '2'],
    ],
    {},
  );
  expect(failures.size).toBe(0);
  expect(runs).toEqual([2, 2]);
});

test('a run that takes too long is ended', async () => {
  const pool = createPool({ program: crashingWorker, timeoutMs: 300 });
  await expect(pool.run(VERSION, [['777', '0']], {})).rejects.toThrow(/longer than 300 ms/);
  expect([...(await pool.run(VERSION, [['1', '1']], {})).values]).toEqual([3]);
});

test('runs wait for a worker that is free, and none is given two at a time', async () => {
  const pool = createPool({ workers: 2 });
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, i) => pool.run(version(i % 3), [[String(i), '0']], {})),
  );
  expect(results.map(({ values }) => values[0])).toEqual(Array.from({ length: 20 }, (_, i) => i + (i % 3)));
});

test('a file that was damaged on the disk is fetched again', async () => {
  await writeFile(join(directory, VERSION.sha256), 'damaged');
  const result = await createPool().run(VERSION, [['1', '1']], {});
  expect([...result.values]).toEqual([3]);
});

test('a version that cannot be loaded is no fault of the rows, and others still run', async () => {
  const pool = createPool();
  const bytes = Buffer.from('no model');
  const broken: RunnableVersion = {
    ...VERSION,
    key: 'broken',
    name: 'broken version 1',
    sha256: createHash('sha256').update(bytes).digest('hex'),
    file: async function* () {
      yield bytes;
    },
  };
  const failure = scoreBatch(pool, broken, [['1', '1']], {});
  await expect(failure).rejects.toThrow(VersionUnavailable);
  await expect(failure).rejects.toThrow(/^broken version 1 cannot be loaded: /);
  expect([...(await pool.run(VERSION, [['1', '1']], {})).values]).toEqual([3]);
});

test('work that nobody waits for any more is not begun; the rest is', async () => {
  const pool = createPool({ program: crashingWorker, timeoutMs: 300 });
  const hanging = pool.run(VERSION, [['777', '0']], {});
  const away = new AbortController();
  const abandoned = pool.run(VERSION, [['666', '0']], {}, away.signal);
  const waiting = pool.run(VERSION, [['1', '2']], {});
  away.abort(new Error('the client is gone'));
  await expect(abandoned).rejects.toThrow('the client is gone');
  await expect(pool.run(VERSION, [['666', '0']], {}, away.signal)).rejects.toThrow('the client is gone');
  await expect(hanging).rejects.toThrow(/longer than 300 ms/);
  expect([...(await waiting).values]).toEqual([5]);
});

test('a worker program that cannot start is an error, not a hang', async () => {
  const pool = createPool({ program: { path: join(directory, 'missing.js') } });
  await expect(pool.run(VERSION, [['1', '1']], {})).rejects.toThrow(
    /cannot be loaded: the worker process ended \(exit code 1\)/,
  );
});

test('a worker is replaced after so many loads, and memory stays bounded over a hundred versions', async () => {
  const pool = createPool({ maxLoads: 20 });
  const pids = new Set<number>();
  const memory: number[] = [];
  for (let i = 0; i < 100; i++) {
    expect([...(await pool.run(version(i), [['1', '1']], {})).values]).toEqual([3 + i]);
    pids.add(pool.workers[0]!.pid);
    memory.push(pool.workers[0]!.rss);
  }
  expect(kinds().filter((kind) => kind === 'recycled')).toHaveLength(5);
  expect(pids.size).toBeGreaterThanOrEqual(5);
  // Of the worker at hand: what 20 loads may leave behind, beside the 100 MB of a process with a compiler in it.
  expect(Math.max(...memory)).toBeLessThan(400 * 2 ** 20);
});

test('a worker above its memory is replaced; what its first model needs is always granted', async () => {
  const pool = createPool({ maxMemoryMb: 1 });
  for (let i = 0; i < 5; i++) await pool.run(VERSION, [['1', '1']], {});
  expect(kinds()).toEqual(['loaded']);
});

test('a pool that is closed rejects what it was doing, and starts nothing any more', async () => {
  const pool = createPool({ program: crashingWorker });
  await pool.run(VERSION, [['1', '1']], {});
  const hanging = pool.run(VERSION, [['777', '1']], {});
  const rejected = expect(hanging).rejects.toThrow(/the sidecar ends/);
  await pool.close();
  await rejected;
  await expect(pool.run(VERSION, [['1', '1']], {})).rejects.toThrow('the sidecar ends');
  expect(pool.workers).toEqual([]);
});
