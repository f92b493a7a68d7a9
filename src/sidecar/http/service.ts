import type { GraphTensor } from '../../ir/graph.ts';
import type { Prediction, Task } from '../../ir/model.ts';
import type { TensorValue } from '../tensor-data.ts';

/**
 * What the HTTP server asks of the process around it. A signal says that nobody waits for the answer any more: what has
 * not begun by then is given up. Implementations reject with PgscoreError: PGS_INPUT for rows and
 * tensors that do not fit, PGS_USAGE for tables and keys that are not there; everything else is a fault of the server.
 */
export interface InferenceService {
  /** Every version of every deployed model, at most a second old. */
  versions(): Promise<readonly ServedVersion[]>;
  /** Scores rows by feature name, in order. */
  predict(
    version: ServedVersion,
    rows: readonly JsonRow[],
    signal: AbortSignal,
  ): Promise<readonly Prediction[]>;
  /**
   * Scores present rows of an attached table, read by primary key through the binding's own features. Null where the
   * table has no such row.
   */
  predictByKey(
    version: ServedVersion,
    request: KeyRequest,
    signal: AbortSignal,
  ): Promise<readonly (Prediction | null)[]>;
  /** Runs a graph on tensors, one of every input in `ServedVersion.inputs`. Only for versions with `runsIn` sidecar. */
  infer(
    version: ServedVersion,
    inputs: ReadonlyMap<string, TensorValue>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, TensorValue>>;
  /** Whether requests can be answered now: the database is reached and workers run. */
  ready(): Readiness;
}

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface KeyRequest {
  /** As SQL names it; may be absent when the model is attached to one table only. */
  readonly table: string | undefined;
  /** A value each, or for a key of several columns an object by column name. */
  readonly keys: readonly unknown[];
}

/** A row by feature name, out of JSON. */
export type JsonRow = Readonly<Record<string, unknown>>;

export interface ServedVersion {
  readonly model: string;
  readonly version: number;
  readonly isChampion: boolean;
  readonly runsIn: 'database' | 'sidecar';
  readonly task: Task;
  /** Format of the model file. */
  readonly format: string;
  readonly features: readonly ServedFeature[];
  readonly labels: readonly string[] | null;
  /** Whether it can tell all numbers of a prediction that has several; of one that has one, these are that one. */
  readonly hasValues: boolean;
  /** The graph's own tensors; empty for versions that run in the database. */
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
}

export interface ServedFeature {
  readonly name: string;
  readonly kind: 'number' | 'text' | 'array';
  /** Of one row's array; null is any length. */
  readonly shape?: readonly (number | null)[];
}
