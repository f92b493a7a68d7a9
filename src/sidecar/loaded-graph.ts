import type * as Onnx from 'onnxruntime-node';
import { PgscoreError } from '../errors.ts';
import type { GraphModel } from '../ir/graph.ts';
import type { Prediction } from '../ir/model.ts';
import type { LoadedVersion, PredictedRows } from './loaded-version.ts';
import { type Outputs, wantedOutputs } from './outputs.ts';
import { assembleRuns, type Feeds, NULL_PREDICTION, type RawRow, readOutputs } from './tensors.ts';

/** A run of the graph; all outputs unless some are named. */
type RunGraph = (feeds: Feeds, outputs?: readonly string[]) => Promise<Outputs>;

/** A graph in onnxruntime, on so many threads. */
export async function loadGraph(graph: GraphModel, bytes: Uint8Array, threads: number): Promise<LoadedVersion> {
  const onnx = await importOnnxruntime();
  const session = await onnx.InferenceSession.create(bytes, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // A worker that waits for work must not burn a core.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const run: RunGraph = async (feeds, outputs) => {
    const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
      name,
      // The constructor's overloads name each type of data; ours are the same.
      new onnx.Tensor(type as 'float32', data as Float32Array, dims),
    ]);
    const found = await session.run(Object.fromEntries(tensors), [...(outputs ?? session.outputNames)]);
    return Object.fromEntries(
      Object.entries(found).map(([name, { type, data, dims }]) => [name, { type, data, dims }]),
    ) as Outputs;
  };
  return {
    predict: (rows) => predict(graph, rows, run),
    runTensors: (feeds) => run(feeds),
    release: () => session.release(),
  };
}

async function predict(graph: GraphModel, rows: readonly RawRow[], run: RunGraph): Promise<PredictedRows> {
  const { runs, errors } = assembleRuns(graph, rows);
  const predictions: (Prediction | null)[] = rows.map(() => NULL_PREDICTION);
  for (const { row } of errors) predictions[row] = null;
  let milliseconds = 0;
  for (const { rows: indexes, feeds } of runs) {
    const start = performance.now();
    const outputs = await run(feeds, wantedOutputs(graph));
    milliseconds += performance.now() - start;
    for (const [k, prediction] of readOutputs(graph, outputs, indexes.length).entries())
      predictions[indexes[k]!] = prediction;
  }
  return { predictions, misfits: errors.map(({ row, message }) => ({ row, message })), milliseconds };
}

/** It is an optional dependency: a sidecar of models that need it alone must have it. */
async function importOnnxruntime(): Promise<typeof Onnx> {
  try {
    return (await import('onnxruntime-node')) as typeof Onnx;
  } catch (error) {
    throw new PgscoreError('PGS_UNSUPPORTED', `onnxruntime-node cannot be loaded: ${(error as Error).message}`, {
      hint: 'npm install onnxruntime-node; it needs Linux with glibc, macOS or Windows.',
      cause: error,
    });
  }
}
