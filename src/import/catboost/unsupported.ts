import { PgscoreError } from '../../errors.ts';

/** Throws for a file that is sound, but holds what cannot be scored exactly. */
export function unsupported(file: string, message: string, hint: string): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file}: ${message}.`, { hint });
}
