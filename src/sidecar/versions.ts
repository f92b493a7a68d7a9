import type pg from 'pg';
import { readQuery } from '../db/queries.ts';
import { PgscoreError } from '../errors.ts';
import { graphFromJson } from '../ir/json.ts';
import type { RunnableVersion } from './worker-pool.ts';

interface VersionRow {
  readonly runs_in: 'database' | 'sidecar';
  readonly graph: string | null;
  readonly sha256: string | null;
}

/** What names a version for ever: a number may be given again after its version was dropped, its content may not. */
export interface VersionName {
  readonly model: string;
  readonly version: number;
  readonly contentHash: string;
}

/** Versions that were asked for last are remembered. */
const REMEMBERED = 200;

/** Versions as the database describes them. They never change, so each is asked for once; files come when they are loaded. */
export class Versions {
  readonly #client: () => Promise<pg.ClientBase>;
  readonly #known = new Map<string, RunnableVersion>();

  /** `client` gives a connection for a few queries. */
  constructor(client: () => Promise<pg.ClientBase>) {
    this.#client = client;
  }

  /** Throws PGS_DATABASE for a version that is not there, or that only SQL can run. */
  async get({ model, version, contentHash }: VersionName): Promise<RunnableVersion> {
    const key = `${model}/${version}/${contentHash}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const client = await this.#client();
    const { rows } = await client.query<VersionRow>(readQuery('sidecar_version'), [
      model,
      version,
      contentHash,
    ]);
    const found = this.#describe(key, model, version, rows[0]);
    this.#known.set(key, found);
    if (this.#known.size > REMEMBERED) this.#known.delete(this.#known.keys().next().value!);
    return found;
  }

  #describe(key: string, model: string, version: number, row: VersionRow | undefined): RunnableVersion {
    const name = `${model} version ${version}`;
    if (row === undefined) throw new PgscoreError('PGS_DATABASE', `there is no ${name}`);
    const { sha256, graph, runs_in } = row;
    if (sha256 === null) {
      throw new PgscoreError('PGS_DATABASE', `${name} is written by hand and runs in the database alone`, {
        hint: "Attach it with mode => 'sync'.",
      });
    }
    if (runs_in === 'database') return { key, name, sha256, file: () => this.#ir(model, version) };
    return { key, name, sha256, graph: graphFromJson(graph!), file: (hash) => this.#chunks(hash) };
  }

  async *#ir(model: string, version: number): AsyncGenerator<Uint8Array> {
    const client = await this.#client();
    const text = 'SELECT ir FROM pgscore_internal.versions WHERE model = $1 AND version = $2';
    const { rows } = await client.query<{ ir: Buffer }>(text, [model, version]);
    if (rows[0] !== undefined) yield rows[0].ir;
  }

  /** One after the other, so that neither side ever holds more than one. */
  async *#chunks(sha256: string): AsyncGenerator<Uint8Array> {
    const text = 'SELECT data FROM pgscore_internal.model_chunks WHERE sha256 = $1 AND chunk = $2';
    for (let chunk = 0; ; chunk++) {
      const client = await this.#client();
      const { rows } = await client.query<{ data: Buffer }>(text, [sha256, chunk]);
      if (rows[0] === undefined) return;
      yield rows[0].data;
    }
  }
}
