import { PgscoreError } from '../errors.ts';
import { type GraphModel, outputNames } from '../ir/graph.ts';
import type { Outputs } from './outputs.ts';
import type { Feeds } from './tensor-data.ts';

/** A graph loaded into onnxruntime, on this process's own memory and threads. */
export interface GraphSession {
  /** All output tensors that the graph has. */
  readonly outputs: readonly string[];
  /**
   * Runs one batch; blocks the thread that calls it. Gives the outputs that the model's description names, or those named
   * here. Throws PGS_UNSUPPORTED when onnxruntime fails.
   */
  run(feeds: Feeds, outputs?: readonly string[]): Promise<Outputs>;
  /** Frees its memory; it cannot run any more. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Threads that one run may use; default: onnxruntime's choice, one a core. */
  readonly threads?: number;
}

/**
 * Loads an ONNX file from memory. Nothing outside of it is read: importAny has refused data in other files.
 * `name` is for messages. Throws PGS_UNSUPPORTED when onnxruntime is not there, or does not load the graph.
 */
export async function openGraph(
  name: string,
  bytes: Uint8Array,
  graph: GraphModel,
  { threads }: SessionOptions = {},
): Promise<GraphSession> {
  const { InferenceSession, Tensor } = await onnxruntime();
  const session = await InferenceSession.create(bytes, {
    // Warnings are about speed; errors come as exceptions.
    logSeverityLevel: 4,
    // Threads that wait for work must not burn a core.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads, interOpNumThreads: 1 }),
  }).catch((error: unknown) => refuse(name, 'load', error));
  const wanted = outputNames(graph.output);
  return {
    outputs: session.outputNames,
    async run(feeds, outputs = wanted) {
      try {
        const tensors = Object.fromEntries(
          Object.entries(feeds).map(([input, { type, data, dims }]) => [
            input,
            new Tensor(type as 'float32', data as Float32Array, dims),
          ]),
        );
        return (await session.run(tensors, outputs)) as unknown as Outputs;
      } catch (error) {
        return refuse(name, 'run', error);
      }
    },
    close: () => session.release(),
  };
}

/** Whether graphs can be run by this installation. */
export async function canRunGraphs(): Promise<boolean> {
  return onnxruntime().then(
    () => true,
    () => false,
  );
}

/** Loaded when it is first needed: models of the database do without it, and it may not be installed. */
async function onnxruntime(): Promise<typeof import('onnxruntime-node')> {
  try {
    return await import('onnxruntime-node');
  } catch (error) {
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `the package onnxruntime-node, which runs this model, cannot be loaded: ${(error as Error).message}`,
      {
        hint: 'Install it beside pgscore: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30 (skip: no CUDA).',
        cause: error,
      },
    );
  }
}

function refuse(name: string, what: 'load' | 'run', error: unknown): never {
  const message = (error as Error).message.trim();
  throw new PgscoreError('PGS_UNSUPPORTED', `${name}: onnxruntime does not ${what} it: ${message}`, {
    cause: error,
  });
}
