import { createScorer } from './codegen/score.ts';
import { PgscoreError } from './errors.ts';
import type { Model, Prediction } from './ir/model.ts';
import { readRows } from './rows.ts';

/**
 * Scores a file of rows, one JSON line each, in the order of the file. Throws PGS_INPUT with file and row for a row
 * that does not fit the model; lines before it have been given by then.
 */
export async function* predictFile(model: Model, path: string): AsyncGenerator<string> {
  const scorer = await createScorer(model);
  for await (const row of readRows(path, model.features)) {
    try {
      yield predictionToJson(scorer.score(row.features));
    } catch (error) {
      if (!(error instanceof PgscoreError)) throw error;
      const hint = error.hint === undefined ? {} : { hint: error.hint };
      throw new PgscoreError(error.code, `${path}, row ${row.number}: ${error.message}`, hint);
    }
  }
}

/** JSON has no NaN and no infinities: they become the texts "NaN", "Infinity" and "-Infinity". */
export function predictionToJson(prediction: Prediction): string {
  return JSON.stringify(prediction, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
}
