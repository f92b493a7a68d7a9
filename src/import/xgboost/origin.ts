import { PgscoreError } from '../../errors.ts';
import { SAVE_AGAIN } from './reader.ts';

/** Where the file came from, for messages and for the model's source. */
export interface Origin {
  readonly name: string;
  readonly format: string;
}

/** The error of a file that reads well but makes no sense. */
export function corrupt(origin: Origin, message: string, hint = SAVE_AGAIN): PgscoreError {
  return new PgscoreError('PGS_FILE', `${origin.name}: not a sound XGBoost model: ${message}.`, { hint });
}
