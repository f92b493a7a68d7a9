import { PgscoreError } from './errors.ts';
import type { ModelFile } from './import/importer.ts';
import type { GraphFeature, GraphModel } from './ir/graph.ts';
import { predictionToJson } from './predict.ts';
import { type InputRow, readRows } from './rows.ts';
import { openGraph } from './sidecar/onnxruntime.ts';
import { scoreRows } from './sidecar/score-rows.ts';
import { type RawRow, RowError, rawRowOf } from './sidecar/tensors.ts';

/** Rows of one run: enough to keep the processor busy, few enough for images. */
const BATCH = 64;

/**
 * As predictFile for a model that the sidecar runs: onnxruntime runs it in this process. Throws PGS_INPUT with file and
 * row for a row that does not fit, after the lines before it.
 */
export async function* predictGraphFile(
  graph: GraphModel,
  file: ModelFile,
  path: string,
): AsyncGenerator<string> {
  const session = await openGraph(file.name, file.bytes, graph);
  try {
    for await (const rows of batches(readGraphRows(path, graph.features), BATCH)) {
      const results = await scoreRows(
        graph,
        rows.map(({ raw }) => raw),
        session.run,
      );
      for (const [k, result] of results.entries()) {
        if (result instanceof RowError) throw atRow(result, path, rows[k]!.number);
        yield predictionToJson(result);
      }
    }
  } finally {
    await session.close();
  }
}

export interface GraphRow extends InputRow {
  readonly raw: RawRow;
}

/** Rows of a file as `readRows` gives them, with the features as text: no digit of a number is lost. */
export async function* readGraphRows(
  path: string,
  features: readonly GraphFeature[],
): AsyncGenerator<GraphRow> {
  const texts = features.map(({ name }) => ({ kind: 'text' as const, name, categories: [] }));
  for await (const row of readRows(path, texts)) {
    try {
      yield { ...row, raw: rawRowOf(features, row.features) };
    } catch (error) {
      throw error instanceof RowError ? atRow(error, path, row.number) : error;
    }
  }
}

function atRow({ message, hint }: RowError, path: string, row: number): PgscoreError {
  return new PgscoreError('PGS_INPUT', `${path}, row ${row}: ${message}`, hint === undefined ? {} : { hint });
}

async function* batches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
