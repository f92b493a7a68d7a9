import { PgscoreError } from '../../errors.ts';

/** What remains where no local server can be provided. */
export const otherWays =
  'Two other ways: set DATABASE_URL to a PostgreSQL server that has plv8 or pljs, or start one with ' +
  '"docker compose -f docker/compose.yaml up -d" and set DATABASE_URL to it.';

/** PGS_LOCAL_SERVER; the hint, unless the remedy is a more exact one, names the two other ways to get a server. */
export function localServerError(
  reason: string,
  options: { hint?: string; cause?: unknown } = {},
): PgscoreError {
  return new PgscoreError('PGS_LOCAL_SERVER', `no local server: ${reason}`, {
    hint: options.hint ?? otherWays,
    ...(options.cause === undefined ? {} : { cause: options.cause }),
  });
}
