import type pg from 'pg';
import { readQuery } from '../../db/queries.ts';
import { sqlState } from '../../db/sql-state.ts';
import { PgscoreError } from '../../errors.ts';
import type { Prediction } from '../../ir/model.ts';
import { unwritableAsText } from '../../json-numbers.ts';
import { quoteIdent } from '../../quote.ts';
import type { ScorableVersion, ScoringService } from '../scoring-service.ts';
import type { RawRow, TensorValue } from '../tensors.ts';
import type { InferenceService, JsonRow, KeyRequest, Readiness, ServedVersion } from './service.ts';

/** How long a list of versions is good for. */
const FRESH_MS = 1_000;

/** A table that a model is attached to, as predictions by key need it. */
interface AttachedTable {
  readonly id: number;
  readonly relation: string;
  readonly keyColumns: readonly string[];
  /** Whether rows can be read by key. */
  readonly readable: boolean;
}

/**
 * Answers requests with the sidecar's own workers; scorers written by hand, which run in the database alone, by the
 * database.
 */
export class HttpScoring implements InferenceService {
  readonly #scoring: ScoringService;
  readonly #client: () => Promise<pg.ClientBase>;
  readonly #ready: () => Readiness;
  #known: { readonly at: number; readonly versions: Promise<readonly KnownVersion[]> } | undefined;

  /** `client` gives a connection for a few queries that belong to no transaction. */
  constructor(scoring: ScoringService, client: () => Promise<pg.ClientBase>, ready: () => Readiness) {
    this.#scoring = scoring;
    this.#client = client;
    this.#ready = ready;
  }

  ready(): Readiness {
    return this.#ready();
  }

  async versions(): Promise<readonly KnownVersion[]> {
    const now = performance.now();
    if (this.#known === undefined || now - this.#known.at > FRESH_MS) {
      const versions = this.#scoring.models().then((all) => all.map(serve));
      this.#known = { at: now, versions };
      versions.catch(() => {
        this.#known = undefined;
      });
    }
    return this.#known.versions;
  }

  async predict(
    version: KnownVersion,
    rows: readonly JsonRow[],
    signal: AbortSignal,
  ): Promise<readonly Prediction[]> {
    if (rows.length === 0) return [];
    if (version.byHand) return this.#predictInDatabase(version, rows);
    return (await this.#scoring.predict(version.model, version.version, rows, signal)).predictions;
  }

  async predictByKey(
    version: KnownVersion,
    request: KeyRequest,
    signal: AbortSignal,
  ): Promise<readonly (Prediction | null)[]> {
    const client = await this.#client();
    const table = await findTable(client, version, request.table);
    const keys = request.keys.map((key) => keyText(key, table));
    const found = await readByKey(client, version, table, keys);
    const present = keys.flatMap((key, k) => (found.has(key) ? [k] : []));
    const rows = present.map((k) => found.get(keys[k]!)!);
    const predictions = await this.#predictRaw(version, rows, signal);
    const answers: (Prediction | null)[] = keys.map(() => null);
    present.forEach((k, i) => {
      answers[k] = predictions[i]!;
    });
    return answers;
  }

  async infer(
    version: KnownVersion,
    inputs: ReadonlyMap<string, TensorValue>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TensorValue>> {
    const feeds = Object.fromEntries(inputs);
    const { outputs } = await this.#scoring.infer(version.model, version.version, feeds, signal);
    return new Map(Object.entries(outputs)) as ReadonlyMap<string, TensorValue>;
  }

  async #predictRaw(
    version: KnownVersion,
    rows: readonly RawRow[],
    signal: AbortSignal,
  ): Promise<readonly Prediction[]> {
    if (rows.length === 0) return [];
    if (!version.byHand) return this.#scoring.predictRaw(version, rows, signal);
    const json = rows.map((row) =>
      Object.fromEntries(version.features.map(({ name, kind }, f) => [name, jsonValue(kind, row[f]!)])),
    );
    return this.#predictInDatabase(version, json);
  }

  /** By the champion's own functions: a version that is not the champion has none that give labels and probabilities. */
  async #predictInDatabase(
    { model, version, isChampion }: KnownVersion,
    rows: readonly JsonRow[],
  ): Promise<readonly Prediction[]> {
    if (!isChampion) {
      throw new PgscoreError(
        'PGS_INPUT',
        `${model} version ${version} is written by hand and not the champion`,
        {
          hint: `Only champions of that kind are served: promote it with pgscore promote ${model} ${version}.`,
        },
      );
    }
    const client = await this.#client();
    const text = readQuery('http_predict', { version: quoteIdent(`${model}__version`) });
    try {
      const result = await client.query<Prediction & { version: number }>(text, [
        model,
        JSON.stringify(rows, unwritableAsText),
      ]);
      if (result.rows.every((row) => row.version === version)) {
        return result.rows.map(({ version: _, ...prediction }) => prediction);
      }
    } catch (error) {
      // What the scorer itself throws, and features that do not fit it.
      if (!/^(22|38|39|XX)/.test(sqlState(error) ?? '')) throw error;
      throw new PgscoreError('PGS_INPUT', messageOf(error as pg.DatabaseError), { cause: error });
    }
    throw new PgscoreError('PGS_INPUT', `${model} has been given another champion just now: ask again`);
  }
}

type KnownVersion = ScorableVersion & ServedVersion;

function serve(version: ScorableVersion): KnownVersion {
  const { graph, task, byHand } = version;
  return {
    ...version,
    // The database's functions, which scorers written by hand are asked by, do not tell.
    hasValues: task === 'regression' && !byHand,
    inputs: (graph?.inputs ?? []).map(({ name, type, shape }) => ({ name, type, shape: [null, ...shape] })),
    outputs: graph?.outputTensors ?? [],
  };
}

async function findTable(
  client: pg.ClientBase,
  { model }: ServedVersion,
  wanted: string | undefined,
): Promise<AttachedTable> {
  const { rows } = await client
    .query<AttachedTable & { matches: boolean }>(readQuery('http_tables'), [model, wanted ?? null])
    .catch((error: unknown) => {
      // Until PostgreSQL 16 to_regclass() refuses what is no name at all.
      if (sqlState(error) !== '42602') throw error;
      return client.query<AttachedTable & { matches: boolean }>(readQuery('http_tables'), [model, null]);
    });
  const names = [...new Set(rows.map(({ relation }) => relation))];
  const chosen = wanted === undefined ? rows : rows.filter(({ matches }) => matches);
  if (chosen.length === 0) {
    const attached = names.length === 0 ? 'to no table' : `to ${names.join(', ')}`;
    const what = wanted === undefined ? '' : `not to ${JSON.stringify(wanted)} but `;
    throw new PgscoreError('PGS_USAGE', `model ${model} is attached ${what}${attached}`, {
      hint: 'Keys are looked up in a table that the model is attached to; give rows otherwise',
    });
  }
  if (new Set(chosen.map(({ relation }) => relation)).size > 1) {
    throw new PgscoreError('PGS_USAGE', `model ${model} is attached to several tables`, {
      hint: `Say which one holds the keys: "table": ${names.map((name) => JSON.stringify(name)).join(' or ')}`,
    });
  }
  const readable = chosen.find((table) => table.readable);
  if (readable === undefined) {
    throw new PgscoreError('PGS_USAGE', `rows of ${chosen[0]!.relation} cannot be looked up: it has no key`, {
      hint: 'Give it a primary key, then detach and attach the model again',
    });
  }
  return readable;
}

/** A key as the binding's functions take it: one column's text, or a JSON list of texts. */
function keyText(key: unknown, { relation, keyColumns }: AttachedTable): string {
  const refuse = (): never => {
    const expected =
      keyColumns.length === 1 ? `a value of ${keyColumns[0]}` : `an object of ${keyColumns.join(', ')}`;
    throw new PgscoreError(
      'PGS_INPUT',
      `${JSON.stringify(key, unwritableAsText)} is no key of ${relation}: expected ${expected}`,
    );
  };
  const text = (value: unknown): string =>
    ['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? String(value) : refuse();
  const isObject = typeof key === 'object' && key !== null && !Array.isArray(key);
  if (keyColumns.length === 1 && !isObject) return text(key);
  if (!isObject || Object.keys(key).length !== keyColumns.length) return refuse();
  const values = keyColumns.map((column) => text((key as Record<string, unknown>)[column]));
  return keyColumns.length === 1 ? values[0]! : JSON.stringify(values);
}

/** Features of the rows that are there, by key. */
async function readByKey(
  client: pg.ClientBase,
  { model, version, isChampion, features }: ServedVersion,
  { id, relation }: AttachedTable,
  keys: readonly string[],
): Promise<ReadonlyMap<string, RawRow>> {
  if (!isChampion) {
    throw new PgscoreError(
      'PGS_INPUT',
      `${model} version ${version} is not the champion, which bindings read for`,
      {
        hint: 'Give rows to it, or leave the version out',
      },
    );
  }
  const query = {
    text: `SELECT * FROM pgscore_internal.${quoteIdent(`binding_${id}_read`)}($1)`,
    values: [[...new Set(keys)]],
    rowMode: 'array' as const,
  };
  try {
    const { rows } = await client.query<(string | null)[]>(query);
    // Before the features: the key, and the row's version.
    return new Map(rows.map(([key, _, ...row]) => [key!, row.slice(0, features.length)]));
  } catch (error) {
    if (!sqlState(error)?.startsWith('22')) throw error;
    throw new PgscoreError(
      'PGS_INPUT',
      `a key does not fit ${relation}: ${messageOf(error as pg.DatabaseError)}`,
    );
  }
}

function jsonValue(kind: string, text: string | null): unknown {
  if (text === null || kind !== 'number') return text;
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** PLJS says "execution error" and puts what was thrown into the detail. */
function messageOf({ message, detail }: pg.DatabaseError): string {
  return message === 'execution error' && detail !== undefined ? detail.split('\n')[0]! : message;
}
