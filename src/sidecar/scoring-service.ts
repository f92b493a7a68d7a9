import type pg from 'pg';
import { readQuery } from '../db/queries.ts';
import { PgscoreError } from '../errors.ts';
import type { GraphFeature, GraphModel } from '../ir/graph.ts';
import { graphFromJson } from '../ir/json.ts';
import type { Prediction, Task } from '../ir/model.ts';
import type { Outputs } from './outputs.ts';
import { type Feeds, type RawRow, RowError, rawRowOf } from './tensors.ts';
import type { Versions } from './versions.ts';
import type { WorkerPool } from './worker-pool.ts';
import { WorkerFailure } from './worker-process.ts';

/** A version that can be asked for predictions, wherever its own home is. */
export interface ScorableVersion {
  readonly model: string;
  readonly version: number;
  readonly contentHash: string;
  /** Whether the model's name answers with it. */
  readonly isChampion: boolean;
  readonly runsIn: 'database' | 'sidecar';
  /** A scorer in TypeScript, which the database alone runs. */
  readonly byHand: boolean;
  /** Of the model's file. */
  readonly format: string;
  readonly task: Task;
  /** The signature, in argument order. */
  readonly features: readonly GraphFeature[];
  readonly labels: readonly string[] | null;
  /** Null for versions whose home is the database: they have no tensors. */
  readonly graph: GraphModel | null;
}

type VersionRow = Omit<ScorableVersion, 'graph'> & { readonly graph: string | null };

/** There is no such model, or no such version of it. */
export class UnknownModelError extends PgscoreError {
  constructor(message: string, hint: string) {
    super('PGS_INPUT', message, { hint });
    this.name = 'UnknownModelError';
  }
}

/** Predictions without rows in a table, by the same workers and the same code as those in columns. */
export class ScoringService {
  readonly #client: () => Promise<pg.ClientBase>;
  readonly #versions: Versions;
  readonly #pool: Pick<WorkerPool, 'run' | 'runTensors'>;

  constructor(
    client: () => Promise<pg.ClientBase>,
    versions: Versions,
    pool: Pick<WorkerPool, 'run' | 'runTensors'>,
  ) {
    this.#client = client;
    this.#versions = versions;
    this.#pool = pool;
  }

  /** All versions of all models, or of one; the newest of a model first. */
  async models(model?: string): Promise<ScorableVersion[]> {
    return this.#read(model, undefined);
  }

  /** A version, the champion unless a number is given. Throws UnknownModelError. */
  async describe(model: string, version?: number): Promise<ScorableVersion> {
    const found = await this.#read(model, version);
    const chosen = found.find(({ isChampion }) => version !== undefined || isChampion);
    if (chosen !== undefined) return chosen;
    const what =
      version === undefined ? `there is no model '${model}'` : `model '${model}' has no version ${version}`;
    throw new UnknownModelError(what, await this.#choices(model));
  }

  /**
   * Predictions for rows by feature name, as JSON gives them, one each in order.
   * @throws UnknownModelError; RowError for the first row that does not fit; PGS_INPUT when the model fails on them;
   * VersionUnavailable when it cannot be loaded; WorkerDied when they cost a worker its life; the signal's reason when it
   * comes before a worker is free
   */
  async predict(
    model: string,
    version: number | undefined,
    rows: readonly Readonly<Record<string, unknown>>[],
    signal?: AbortSignal,
  ): Promise<{ version: ScorableVersion; predictions: readonly Prediction[] }> {
    const described = await this.describe(model, version);
    const raw = rows.map((row, index) => rawRowOf(described.features, row, index));
    return { version: described, predictions: await this.predictRaw(described, raw, signal) };
  }

  /** As `predict`, for rows as PostgreSQL writes them. */
  async predictRaw(
    described: ScorableVersion,
    rows: readonly RawRow[],
    signal?: AbortSignal,
  ): Promise<readonly Prediction[]> {
    const runnable = await this.#versions.get(described);
    const result = await askedFor(described, () =>
      this.#pool.run(runnable, rows, { predictions: true }, signal),
    );
    const misfit = result.misfits[0];
    if (misfit !== undefined) throw new PgscoreError('PGS_INPUT', `row ${misfit.row}: ${misfit.message}`);
    return result.predictions as readonly Prediction[];
  }

  /**
   * A graph's outputs for its input tensors, whose names, types and shapes the caller has compared with `graph.inputs`.
   * Errors as of `predict`; PGS_INPUT for a version that has no tensors.
   */
  async infer(
    model: string,
    version: number | undefined,
    feeds: Feeds,
    signal?: AbortSignal,
  ): Promise<{ version: ScorableVersion; outputs: Outputs }> {
    const described = await this.describe(model, version);
    if (described.graph === null) {
      throw new PgscoreError(
        'PGS_INPUT',
        `${model} version ${described.version} takes features, not tensors`,
      );
    }
    const runnable = await this.#versions.get(described);
    return {
      version: described,
      outputs: await askedFor(described, () => this.#pool.runTensors(runnable, feeds, signal)),
    };
  }

  async #read(model: string | undefined, version: number | undefined): Promise<ScorableVersion[]> {
    const client = await this.#client();
    const parameters = [model ?? null, version ?? null];
    const { rows } = await client.query<VersionRow>(readQuery('sidecar_models'), parameters);
    return rows.map(({ graph, ...row }) => ({ ...row, graph: graph === null ? null : graphFromJson(graph) }));
  }

  async #choices(model: string): Promise<string> {
    const all = await this.#read(undefined, undefined);
    const versions = all.filter((each) => each.model === model).map((each) => each.version);
    if (versions.length > 0) return `Its versions: ${versions.reverse().join(', ')}.`;
    const names = [...new Set(all.map((each) => each.model))];
    return names.length === 0 ? 'No model is deployed.' : `The models: ${names.join(', ')}.`;
  }
}

async function askedFor<T>({ model, version }: ScorableVersion, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof WorkerFailure) || error.kind !== 'rows') throw error;
    throw new PgscoreError('PGS_INPUT', `${model} version ${version}: ${error.message}`, { cause: error });
  }
}

export { RowError };
