import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';
import { modelFromJson } from '../ir/json.ts';
import type { Prediction } from '../ir/model.ts';
import { loadGraph } from './loaded-graph.ts';
import { loadProgramVersion } from './loaded-program.ts';
import type { LoadableVersion } from './messages.ts';
import type { Outputs } from './outputs.ts';
import type { Feeds, RawRow } from './tensors.ts';

/** A version that can be run, in a worker. */
export interface LoadedVersion {
  /** One entry a row, in order. Throws when the model itself fails, which may be any row's fault. */
  predict(rows: readonly RawRow[]): Promise<PredictedRows>;
  /** The graph as it is: tensors in, all output tensors out. Throws for IR models, which have none. */
  runTensors(feeds: Feeds): Promise<Outputs>;
  release(): Promise<void>;
}

export interface PredictedRows {
  /** null for a row that does not fit the model. */
  readonly predictions: readonly (Prediction | null)[];
  readonly misfits: readonly { readonly row: number; readonly message: string }[];
  /** Of the model itself. */
  readonly milliseconds: number;
}

/** The file is not the one that was deployed. */
export class DamagedFileError extends Error {}

/**
 * Loads a version from its file. What is loaded are the very bytes whose hash was compared.
 * @throws DamagedFileError when the file has another SHA-256.
 */
export async function loadVersion(version: LoadableVersion, threads: number): Promise<LoadedVersion> {
  const bytes = await readFile(version.path);
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== version.sha256) {
    throw new DamagedFileError(
      `${version.path} is damaged: its SHA-256 is ${found}, expected ${version.sha256}`,
    );
  }
  if (version.graph !== undefined) return loadGraph(version.name, version.graph, bytes, threads);
  return loadProgramVersion(modelFromJson(inflateRawSync(bytes).toString('utf8')));
}
