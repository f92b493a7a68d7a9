import type { GraphModel } from '../ir/graph.ts';
import type { Model } from '../ir/model.ts';

/** A model file as it came: the name is for messages and for guessing the format, the bytes decide. */
export interface ModelFile {
  readonly name: string;
  /** Empty for a directory. */
  readonly bytes: Uint8Array;
  /** For a directory: the bytes of each file below it, by relative path with forward slashes. */
  readonly entries?: ReadonlyMap<string, Uint8Array>;
}

/** What a caller may ask of an import. */
export interface ImportOptions {
  /** Class names, in class order, for formats that store none. */
  readonly labels?: readonly string[];
  /** Feature names, in model order, for files that carry none (f0, f1, … otherwise). */
  readonly features?: readonly string[];
  /** Use every tree of the file, also past the best iteration that early stopping found. */
  readonly allTrees?: boolean;
  /** For graphs: a JSON text that says what feeds their inputs and what their outputs are; the name is for messages. */
  readonly inputs?: { readonly name: string; readonly text: string };
}

/** A model with what is known of the file that it came from. */
export interface ImportedModel {
  readonly model: Model;
  readonly source: ModelSource;
}

/** A model that the sidecar runs as it is. */
export interface ImportedGraph {
  readonly graph: GraphModel;
  readonly source: ModelSource;
  /** Why the database does not run it, naming the node where there is one. */
  readonly reason: string;
}

export interface ModelSource {
  /** Stable format id: 'xgboost-json', 'xgboost-ubj', 'lightgbm-text'. */
  readonly format: string;
  /** The version that the file states of the library or the format, or null. */
  readonly formatVersion: string | null;
  /** The training objective in the library's own words, or null. */
  readonly objective: string | null;
  /** Facts that a person wants to know of the import, one sentence each (trees left out by early stopping, …). */
  readonly notes: readonly string[];
}

/**
 * One format. `recognises` looks at the first bytes and the name, never reads the whole file and never throws;
 * `read` throws PgscoreError (PGS_FILE, PGS_UNSUPPORTED; PGS_USAGE for options that do not fit the model) and nothing
 * else, whatever the bytes are.
 */
export interface Importer {
  readonly format: string;
  /** For people: 'XGBoost JSON'. */
  readonly title: string;
  recognises(file: ModelFile): boolean;
  read(file: ModelFile, options: ImportOptions): ImportedModel;
  /** For formats that the sidecar runs: the graph where `read` would throw PGS_UNSUPPORTED. Throws as `read` does. */
  readAny?(file: ModelFile, options: ImportOptions): ImportedModel | ImportedGraph;
}
