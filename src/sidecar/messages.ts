/** What the main process and its workers say to each other. Plain data: it crosses between processes. */
import type { GraphModel } from '../ir/graph.ts';
import type { Prediction } from '../ir/model.ts';
import type { Outputs } from './outputs.ts';
import type { Feeds, RawRow } from './tensors.ts';

/** A version as a worker loads it. */
export interface LoadableVersion {
  /** Names the content: the same key is the same version for ever. */
  readonly key: string;
  /** For messages: `churn version 3`. */
  readonly name: string;
  /** The file with the ONNX bytes, or with the IR as JSON, deflated. */
  readonly path: string;
  readonly sha256: string;
  /** Present for graphs; absent for IR models. */
  readonly graph?: GraphModel;
}

/** Which parts of predictions are wanted: what is not, is not sent. */
export interface Wanted {
  readonly labels?: boolean;
  /** `values` of models that predict arrays. */
  readonly arrays?: boolean;
  /** Whole predictions. */
  readonly predictions?: boolean;
}

export type Request =
  | { readonly kind: 'load'; readonly version: LoadableVersion }
  | { readonly kind: 'run'; readonly key: string; readonly rows: readonly RawRow[]; readonly wanted: Wanted }
  | { readonly kind: 'tensors'; readonly key: string; readonly feeds: Feeds };

/** Columns of predictions, one entry a row. */
export interface RunResult {
  /** NaN for NULL. */
  readonly values: Float64Array;
  readonly labels?: readonly (string | null)[];
  readonly arrays?: readonly (readonly number[] | null)[];
  readonly predictions?: readonly (Prediction | null)[];
  /** Rows whose values do not fit the model; their predictions are NaN or null. */
  readonly misfits: readonly { readonly row: number; readonly message: string }[];
  /** Of the model itself. */
  readonly milliseconds: number;
}

export interface LoadResult {
  /** Keys of all versions that the worker holds now. */
  readonly held: readonly string[];
  readonly milliseconds: number;
}

export interface Results {
  readonly load: LoadResult;
  readonly run: RunResult;
  readonly tensors: Outputs;
}

export interface Failure {
  /** `damaged`: the file is not the one that was deployed. `load`: the model cannot be run here. `rows`: these rows fail. */
  readonly kind: 'damaged' | 'load' | 'rows';
  readonly message: string;
}

export type ToWorker = Request & { readonly id: number };
export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'done';
      readonly id: number;
      readonly result: Results[keyof Results];
      readonly rss: number;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: Failure; readonly rss: number };
