import type { GraphModel } from '../ir/graph.ts';
import type { Outputs } from './outputs.ts';
import type { Feeds } from './tensor-data.ts';
import {
  assembleRuns,
  type GraphPrediction,
  NULL_PREDICTION,
  type RawRow,
  type RowError,
  readOutputs,
} from './tensors.ts';

/** Runs the graph on one batch of rows and gives the outputs that `outputNames` names. */
export type RunGraph = (feeds: Feeds) => Promise<Outputs>;

/** How many rows the next run takes, of so many that could go together. */
export type NextRun = (waiting: number) => number;

/**
 * One prediction a row, in order; a row that does not fit the model gets its error in place of one, and does not keep
 * the others from being scored. @throws what `run` throws
 */
export async function scoreRows(
  graph: GraphModel,
  rows: readonly RawRow[],
  run: RunGraph,
  next: NextRun = (waiting) => waiting,
): Promise<(GraphPrediction | RowError)[]> {
  const { runs, errors } = assembleRuns(graph, rows);
  const results = new Array<GraphPrediction | RowError>(rows.length).fill(NULL_PREDICTION);
  for (const error of errors) results[error.row] = error;
  for (const { rows: indices, feeds } of runs) {
    for (let start = 0; start < indices.length; ) {
      const count = next(indices.length - start);
      const outputs = await run(slice(feeds, start, count));
      readOutputs(graph, outputs, count).forEach((prediction, k) => {
        results[indices[start + k]!] = prediction;
      });
      start += count;
    }
  }
  return results;
}

/** So many rows of each tensor, without a copy of numbers. */
function slice(feeds: Feeds, start: number, count: number): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => {
      const [, ...shape] = dims;
      const size = shape.reduce((product, length) => product * length, 1);
      const [from, to] = [start * size, (start + count) * size];
      const part = Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to);
      return [name, { type, data: part, dims: [count, ...shape] }];
    }),
  );
}
