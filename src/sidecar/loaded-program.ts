import { createScorer } from '../codegen/score.ts';
import { PgscoreError } from '../errors.ts';
import type { Feature, Model, Prediction } from '../ir/model.ts';
import { numberOf } from '../number-text.ts';
import type { LoadedVersion } from './loaded-version.ts';
import type { RawRow } from './tensors.ts';

/** An IR model, scored with the code that the database has for it. */
export async function loadProgramVersion(model: Model): Promise<LoadedVersion> {
  const { score } = await createScorer(model);
  const readers = model.features.map(featureReader);
  const predictOne = (row: RawRow): Prediction =>
    score(Object.fromEntries(model.features.map(({ name }, i) => [name, readers[i]!(row[i] ?? null)])));
  return {
    async predict(rows) {
      const start = performance.now();
      const misfits: { row: number; message: string }[] = [];
      const predictions = rows.map((row, index) => {
        try {
          return predictOne(row);
        } catch (error) {
          if (!(error instanceof PgscoreError)) throw error;
          misfits.push({ row: index, message: error.message });
          return null;
        }
      });
      return { predictions, misfits, milliseconds: performance.now() - start };
    },
    async runTensors() {
      throw new TypeError('an IR model has no tensors');
    },
    async release() {},
  };
}

/** From PostgreSQL's text of a float8 or a text. */
function featureReader({ name, kind }: Feature): (value: string | null) => number | string | null {
  if (kind === 'text') return (value) => value;
  return (value) => {
    if (value === null) return null;
    const number = numberOf(value);
    if (number !== undefined) return number;
    throw new PgscoreError(
      'PGS_INPUT',
      `feature ${JSON.stringify(name)}: ${JSON.stringify(value.slice(0, 60))} is no number`,
    );
  };
}
