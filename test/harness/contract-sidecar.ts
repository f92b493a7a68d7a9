import { once } from 'node:events';
import type pg from 'pg';
import { type Contract, forBinding } from './contracts.ts';

interface Binding {
  readonly id: number;
  readonly version: number;
}

/** From the features of a row, as PostgreSQL prints them, to its value. */
export type Score = (features: readonly (string | null)[], version: number) => number;

const WOKEN = 'pgscore_jobs';
const SLEEPS = `hashtextextended('pgscore sidecar sleeps', 0)`;
const ROWS = 50;

/**
 * The sidecar that a contract describes: it works the queue with the contract's statements alone, in the order that
 * release 0.1 had them. It shares no code with the product, and changes with no release.
 */
export class ContractSidecar {
  readonly #client: pg.Client;
  readonly #contract: Contract;
  readonly #score: Score;
  #scored = 0;

  constructor(client: pg.Client, contract: Contract, score: Score) {
    this.#client = client;
    this.#contract = contract;
    this.#score = score;
  }

  get scored(): number {
    return this.#scored;
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#client.query(`LISTEN ${WOKEN}`);
    while (!signal.aborted) if (!(await this.#turn())) await this.#sleep(signal);
  }

  /** Once for all bindings; false when none had work. */
  async #turn(): Promise<boolean> {
    const bindings = await this.#ask('sidecar_bindings', []);
    let worked = false;
    for (const row of bindings) worked = (await this.#batch(row as unknown as Binding)) || worked;
    return worked;
  }

  /** Writers notify while the lock is held; what came before is looked at once more. */
  async #sleep(signal: AbortSignal): Promise<void> {
    await this.#client.query(`SELECT pg_advisory_lock_shared(${SLEEPS})`);
    const woken = once(this.#client, 'notification', { signal }).catch(() => undefined);
    if (!(await this.#turn())) await woken;
    await this.#client.query(`SELECT pg_advisory_unlock_shared(${SLEEPS})`);
  }

  async #batch({ id, version }: Binding): Promise<boolean> {
    await this.#client.query(`BEGIN; SET LOCAL lock_timeout = 500; SET LOCAL search_path = ''`);
    const jobs = await this.#ask('claim', [id, ROWS, 0, 0]);
    if (jobs.length === 0 || !(await this.#finish(id, version, jobs))) {
      await this.#client.query('ROLLBACK');
      return jobs.length > 0;
    }
    await this.#client.query('COMMIT');
    return true;
  }

  /** False when another version is wanted. */
  async #finish(id: number, version: number, jobs: readonly Row[]): Promise<boolean> {
    const keys = [...new Set(jobs.flatMap((job) => job.keys as string[]))];
    const rows = await this.#rows(id, keys);
    const [held] = await this.#ask('hold_version', [id, version]);
    if (held!.hold_version !== true) return false;
    const locked = await this.#ask('binding_{id}_lock', [keys], id);
    const now = await this.#rows(id, keys);
    const settled = locked
      .map(({ key }) => key as string)
      .filter((key) => `${rows.get(key)}` === `${now.get(key)}`);
    const values = settled.map((key) => this.#score(now.get(key)!, version));
    await this.#ask('binding_{id}_write', [settled, values, null, null, version], id);
    const gone = keys.filter((key) => !rows.has(key));
    const kept = keys.filter((key) => rows.has(key) && !settled.includes(key));
    await this.#ask('finish', [id, version, jobs.map((job) => job.id), kept, gone, [], [], 5]);
    this.#scored += settled.length;
    return true;
  }

  async #rows(id: number, keys: readonly string[]): Promise<Map<string, (string | null)[]>> {
    const rows = await this.#ask('binding_{id}_read', [keys], id);
    return new Map(
      rows.map((row) => {
        const [key, , ...features] = Object.values(row) as string[];
        return [key!, features];
      }),
    );
  }

  async #ask(called: string, values: unknown[], binding = 0): Promise<readonly Row[]> {
    const statement = this.#contract.statements.find(({ text }) =>
      text.includes(`pgscore_internal.${called}(`),
    );
    if (statement === undefined) throw new Error(`${this.#contract.release} calls no ${called}`);
    const { rows } = await this.#client.query<Row>(forBinding(statement.text, binding), values);
    return rows;
  }
}

type Row = Readonly<Record<string, unknown>>;
