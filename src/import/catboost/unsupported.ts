import { PgscoreError } from '../../errors.ts';

/** Throws for a file that is sound, but holds what cannot be scored exactly. */
export function unsupported(file: string, message: string, hint: string): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file}: ${message}.`, { hint });
}

export const NAME_CATEGORIES =
  "Save the model again with the training data: save_model('model.json', format='json', pool=train_pool). Then the file names its categories.";

export const SIMPLER_CTRS =
  'Train with max_ctr_complexity=1, or with one_hot_max_size at least as great as the number of categories.';
