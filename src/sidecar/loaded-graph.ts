import type { GraphModel } from '../ir/graph.ts';
import type { LoadedVersion, PredictedRows } from './loaded-version.ts';
import { type GraphSession, openGraph } from './onnxruntime.ts';
import type { Outputs } from './outputs.ts';
import { RunSize } from './run-size.ts';
import { scoreRows } from './score-rows.ts';
import { type Feeds, type RawRow, RowError } from './tensors.ts';

/** A graph in onnxruntime, on so many threads. */
export async function loadGraph(
  name: string,
  graph: GraphModel,
  bytes: Uint8Array,
  threads: number,
): Promise<LoadedVersion> {
  const session = await openGraph(name, bytes, graph, { threads });
  const size = new RunSize();
  return {
    predict: (rows) => predict(graph, rows, session, size),
    runTensors: async (feeds) => plain(await session.run(feeds, session.outputs)),
    release: () => session.close(),
  };
}

async function predict(
  graph: GraphModel,
  rows: readonly RawRow[],
  session: GraphSession,
  size: RunSize,
): Promise<PredictedRows> {
  let milliseconds = 0;
  const run = async (feeds: Feeds) => {
    const start = performance.now();
    const outputs = await session.run(feeds);
    const took = performance.now() - start;
    milliseconds += took;
    size.learn(Object.values(feeds)[0]?.dims[0] ?? 0, took);
    return outputs;
  };
  const results = await scoreRows(graph, rows, run, (waiting) => size.next(waiting));
  const errors = results.filter((result) => result instanceof RowError);
  return {
    predictions: results.map((result) => (result instanceof RowError ? null : result)),
    misfits: errors.map(({ row, message }) => ({ row, message })),
    milliseconds,
  };
}

/** onnxruntime's tensors are objects of its own, which do not cross between processes. */
function plain(outputs: Outputs): Outputs {
  const entries = Object.entries(outputs).map(([name, { type, data, dims }]) => [name, { type, data, dims }]);
  return Object.fromEntries(entries) as Outputs;
}
