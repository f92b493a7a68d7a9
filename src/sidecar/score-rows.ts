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

/**
 * One prediction a row, in order; a row that does not fit the model gets its error in place of one, and does not keep
 * the others from being scored. @throws what `run` throws
 */
export async function scoreRows(
  graph: GraphModel,
  rows: readonly RawRow[],
  run: RunGraph,
): Promise<(GraphPrediction | RowError)[]> {
  const { runs, errors } = assembleRuns(graph, rows);
  const results = new Array<GraphPrediction | RowError>(rows.length).fill(NULL_PREDICTION);
  for (const error of errors) results[error.row] = error;
  for (const { rows: indices, feeds } of runs) {
    const predictions = readOutputs(graph, await run(feeds), indices.length);
    indices.forEach((index, k) => {
      results[index] = predictions[k]!;
    });
  }
  return results;
}
