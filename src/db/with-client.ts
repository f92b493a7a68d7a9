import type pg from 'pg';
import { PgscoreError } from '../errors.ts';
import { connectTo, resolveConnection } from './connect.ts';

/**
 * Runs `work` on a connection to the database that the environment names, and closes it. What the server reports as
 * NOTICE goes to `onNotice`; what it refuses comes as PGS_DATABASE with its detail and hint.
 */
export async function withClient<T>(
  work: (client: pg.Client) => Promise<T>,
  onNotice: (message: string) => void,
): Promise<T> {
  const client = await connectTo(await resolveConnection());
  client.on('notice', ({ message }) => onNotice(message ?? ''));
  try {
    return await work(client);
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** An error of the server as one that people are shown; anything else as it is. */
export function asDatabaseError(error: unknown): unknown {
  const { code, severity, message, detail, hint } = error as Partial<pg.DatabaseError>;
  if (code === undefined || severity === undefined || error instanceof PgscoreError) return error;
  const text = [message, detail].filter((part) => part !== undefined).join('\n');
  return new PgscoreError('PGS_DATABASE', text, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
