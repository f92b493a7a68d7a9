import type { Row } from './codegen/row-scorer.ts';
import { PgscoreError } from './errors.ts';
import type { Feature, Prediction } from './ir/model.ts';
import { unwritableAsText } from './json-numbers.ts';
import { readRows } from './rows.ts';

/** What scores rows: a loaded model, or a module that `pgscore compile` wrote. */
export interface RowModel {
  readonly features: readonly Feature[];
  score(row: Row): Prediction;
}

/**
 * Scores a file of rows, one JSON line each, in the order of the file. Throws PGS_INPUT with file and row for a row
 * that does not fit the model; lines before it have been given by then.
 */
export async function* predictFile(model: RowModel, path: string): AsyncGenerator<string> {
  for await (const row of readRows(path, model.features)) {
    try {
      yield predictionToJson(model.score(row.features));
    } catch (error) {
      if (!(error instanceof PgscoreError)) throw error;
      const hint = error.hint === undefined ? {} : { hint: error.hint };
      throw new PgscoreError(error.code, `${path}, row ${row.number}: ${error.message}`, hint);
    }
  }
}

export function predictionToJson(prediction: Prediction): string {
  return JSON.stringify(prediction, unwritableAsText);
}
