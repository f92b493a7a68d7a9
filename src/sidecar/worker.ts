/**
 * A worker process: loads versions, runs batches, one request after the other. It knows no database. Started by
 * WorkerProcess with an IPC channel; ends when that is closed, so that nothing outlives the main process.
 */
import type { Prediction } from '../ir/model.ts';
import { DamagedFileError, type LoadedVersion, loadVersion } from './loaded-version.ts';
import type {
  Failure,
  FromWorker,
  LoadResult,
  Request,
  Results,
  RunResult,
  ToWorker,
  Wanted,
} from './messages.ts';

/** Versions that stay loaded; what was not used for longest goes. */
const MAX_HELD = 8;
const MAX_MEMORY_BYTES = Number(process.env.PGSCORE_WORKER_MAX_MEMORY_MB ?? Infinity) * 2 ** 20;
const THREADS = Number(process.env.PGSCORE_WORKER_THREADS ?? 1);

/** By key, in order of use. */
const held = new Map<string, LoadedVersion>();
let last: Promise<void> = Promise.resolve();

process.on('message', (message: ToWorker) => {
  last = last.then(() => answer(message));
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole group of processes: the main process decides when workers end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
send({ kind: 'ready' });

async function answer({ id, ...request }: ToWorker): Promise<void> {
  try {
    const result = await serve(request);
    send({ kind: 'done', id, result, rss: process.memoryUsage.rss() });
  } catch (error) {
    const failure = describeFailure(error, request.kind);
    send({ kind: 'failed', id, failure, rss: process.memoryUsage.rss() });
  }
}

function send(message: FromWorker): void {
  // Fails when the main process is gone; 'disconnect' follows.
  process.send!(message, undefined, undefined, () => undefined);
}

async function serve(request: Request): Promise<Results[keyof Results]> {
  switch (request.kind) {
    case 'load':
      return load(request);
    case 'run':
      return run(request);
    case 'tensors':
      return use(request.key).runTensors(request.feeds);
  }
}

async function load({ version }: Request & { kind: 'load' }): Promise<LoadResult> {
  const start = performance.now();
  if (!held.has(version.key)) {
    while (held.size >= MAX_HELD || (held.size > 0 && process.memoryUsage.rss() > MAX_MEMORY_BYTES))
      await release(held.keys().next().value!);
    held.set(version.key, await loadVersion(version, THREADS));
  }
  return { held: [...held.keys()], milliseconds: performance.now() - start };
}

async function release(key: string): Promise<void> {
  const version = held.get(key);
  held.delete(key);
  await version?.release();
}

function use(key: string): LoadedVersion {
  const version = held.get(key);
  if (version === undefined) throw new TypeError(`version ${key} is not loaded`);
  held.delete(key);
  held.set(key, version);
  return version;
}

async function run({ key, rows, wanted }: Request & { kind: 'run' }): Promise<RunResult> {
  const { predictions, misfits, milliseconds } = await use(key).predict(rows);
  return {
    values: Float64Array.from(predictions, floatOf),
    ...columnsOf(predictions, wanted),
    misfits,
    milliseconds,
  };
}

function floatOf(prediction: Prediction | null): number {
  return prediction?.value ?? Number.NaN;
}

function columnsOf(predictions: readonly (Prediction | null)[], wanted: Wanted): Partial<RunResult> {
  return {
    ...(wanted.labels === true ? { labels: predictions.map((each) => each?.label ?? null) } : {}),
    ...(wanted.arrays === true ? { arrays: predictions.map((each) => each?.values ?? null) } : {}),
    ...(wanted.predictions === true ? { predictions } : {}),
  };
}

function describeFailure(error: unknown, request: Request['kind']): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DamagedFileError) return { kind: 'damaged', message };
  return { kind: request === 'load' ? 'load' : 'rows', message };
}
