import type pg from 'pg';
import { readQuery } from '../db/queries.ts';
import { textArray } from './array-literal.ts';
import type { Position } from './dispatcher.ts';
import type { QueueState } from './metrics.ts';
import type { RawRow } from './tensors.ts';

/** An async binding and the version that it wants. */
export interface AsyncBinding {
  readonly id: number;
  readonly model: string;
  readonly version: number;
  readonly contentHash: string;
  /** Qualified and quoted. */
  readonly relation: string;
  readonly valueColumn: string;
  /** What its column takes: a number or an array. */
  readonly takes: 'value' | 'values';
  readonly hasLabel: boolean;
  /** Whether features come from other tables, which the lock of the row does not protect. */
  readonly reads: boolean;
}

/** The bindings that there are, with their champions. */
export async function readBindings(client: pg.ClientBase): Promise<AsyncBinding[]> {
  const { rows } = await client.query<AsyncBinding>(readQuery('sidecar_bindings'));
  return rows;
}

/** What waits, of each async binding. */
export async function readQueueState(client: pg.ClientBase): Promise<QueueState[]> {
  const { rows } = await client.query<QueueState>(readQuery('sidecar_queue'));
  return rows;
}

export interface Job {
  readonly id: bigint;
  readonly priority: number;
  readonly keys: readonly string[];
  readonly attempts: number;
  readonly enqueuedAt: Date;
}

export interface QueuedRow {
  /** Changes with every update of the row. */
  readonly version: string;
  readonly features: RawRow;
}

/** What is written into the rows of `keys`, one entry each. */
export interface Predictions {
  readonly keys: readonly string[];
  /** float8[] as PostgreSQL reads it, and text[] likewise. */
  readonly values: string;
  readonly arrays: string | null;
  readonly labels: string | null;
}

/** What becomes of claimed jobs: rows that are in none of the lists were written. */
export interface Outcome {
  readonly ids: readonly bigint[];
  readonly kept: readonly string[];
  readonly gone: readonly string[];
  readonly failed: readonly string[];
  readonly errors: readonly string[];
}

/** After so many failures a row is given up. */
export const MAX_ATTEMPTS = 5;

/**
 * The queue's functions of one binding on one connection, in one transaction; what they promise is said in
 * sql/062_queue.sql. Statements are prepared where the connection keeps its session.
 */
export class Queue {
  readonly #client: pg.ClientBase;
  readonly #binding: AsyncBinding;
  readonly #prepare: boolean;
  readonly #idleTimeoutMs: number;

  constructor(
    client: pg.ClientBase,
    binding: AsyncBinding,
    options: { prepare: boolean; idleTimeoutMs: number },
  ) {
    this.#client = client;
    this.#binding = binding;
    this.#prepare = options.prepare;
    this.#idleTimeoutMs = options.idleTimeoutMs;
  }

  /** Begins the transaction and claims jobs, in one round trip. */
  async claim(maxRows: number, after: Position): Promise<Job[]> {
    const begin = readQuery('sidecar_begin', { idle_timeout: String(this.#idleTimeoutMs) });
    const [, rows] = await Promise.all([
      this.#client.query(begin),
      this.#rows(
        'claim',
        'SELECT id, priority, keys, attempts, enqueued_at FROM pgscore_internal.claim($1, $2, $3, $4)',
        [this.#binding.id, maxRows, after.live, after.backfill],
      ),
    ]);
    return rows.map(([id, priority, keys, attempts, enqueuedAt]) => ({
      id: BigInt(id as string),
      priority: priority as number,
      keys: keys as string[],
      attempts: attempts as number,
      enqueuedAt: enqueuedAt as Date,
    }));
  }

  /** Replaces claimed pages by shorter ones. */
  async split(ids: readonly bigint[], maxRows: number): Promise<void> {
    await this.#rows('split', 'SELECT pgscore_internal.split($1, $2, $3)', [
      this.#binding.id,
      idArray(ids),
      maxRows,
    ]);
  }

  /** Rows by key; those that are gone are absent. */
  async read(keys: readonly string[]): Promise<Map<string, QueuedRow>> {
    const name = `binding_${this.#binding.id}_read`;
    const rows = await this.#rows(name, `SELECT * FROM pgscore_internal.${name}($1)`, [textArray(keys)]);
    return new Map(
      rows.map(([key, version, ...features]) => [
        key as string,
        { version: String(version), features: features as RawRow },
      ]),
    );
  }

  /** Whether results of the version may be written; then so until the transaction ends. */
  async holdVersion(version: number): Promise<boolean> {
    const rows = await this.#rows('hold', 'SELECT pgscore_internal.hold_version($1, $2)', [
      this.#binding.id,
      version,
    ]);
    return rows[0]![0] as boolean;
  }

  /** Locks the rows that nobody else has locked; their versions by key. */
  async lock(keys: readonly string[]): Promise<Map<string, string>> {
    const name = `binding_${this.#binding.id}_lock`;
    const rows = await this.#rows(name, `SELECT * FROM pgscore_internal.${name}($1)`, [textArray(keys)]);
    return new Map(rows.map(([key, version]) => [key as string, String(version)]));
  }

  async write({ keys, values, arrays, labels }: Predictions, version: number): Promise<void> {
    const name = `binding_${this.#binding.id}_write`;
    const sql = `SELECT count(*) FROM pgscore_internal.${name}($1, $2, $3, $4, $5)`;
    await this.#rows(name, sql, [textArray(keys), values, arrays, labels, version]);
  }

  /** Ends the jobs and commits, in one round trip. */
  async finish(version: number, { ids, kept, gone, failed, errors }: Outcome): Promise<void> {
    const sql = 'SELECT pgscore_internal.finish($1, $2, $3, $4, $5, $6, $7, $8)';
    const values = [
      this.#binding.id,
      version,
      idArray(ids),
      textArray(kept),
      textArray(gone),
      textArray(failed),
      textArray(errors),
      MAX_ATTEMPTS,
    ];
    // A COMMIT of a transaction that failed rolls back: the first error is the one that is thrown.
    await Promise.all([this.#rows('finish', sql, values), this.#client.query('COMMIT')]);
  }

  async commit(): Promise<void> {
    await this.#client.query('COMMIT');
  }

  async rollback(): Promise<void> {
    await this.#client.query('ROLLBACK');
  }

  /** Work whose failure does not end the transaction. */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    try {
      const [, result] = await Promise.all([this.#client.query('SAVEPOINT work'), work()]);
      await this.#client.query('RELEASE SAVEPOINT work');
      return result;
    } catch (error) {
      await this.#client.query('ROLLBACK TO SAVEPOINT work');
      throw error;
    }
  }

  async #rows(name: string, text: string, values: readonly unknown[]): Promise<unknown[][]> {
    const prepared = this.#prepare ? { name: `pgscore_${name}` } : {};
    const result = await this.#client.query<unknown[]>({
      ...prepared,
      text,
      values: [...values],
      rowMode: 'array',
    });
    return result.rows;
  }
}

function idArray(ids: readonly bigint[]): string {
  return `{${ids.join(',')}}`;
}
