import type { ModelSource } from '../importer.ts';
import type { OnnxFile } from './file.ts';

/** Operators that say what a model is; others prepare its inputs or its outputs. */
const MODELS: ReadonlySet<string> = new Set([
  'LinearClassifier',
  'LinearRegressor',
  'SVMClassifier',
  'SVMRegressor',
  'TreeEnsemble',
  'TreeEnsembleClassifier',
  'TreeEnsembleRegressor',
]);

/** What an import says of the file it came from; `notes` follow the one on who wrote it. */
export function sourceOf(file: OnnxFile, notes: readonly string[]): ModelSource {
  return {
    format: 'onnx',
    formatVersion: versionsOf(file),
    objective: objectiveOf(file),
    notes: [...(file.producer === '' ? [] : [`Written by ${file.producer}.`]), ...notes],
  };
}

/** 'ai.onnx 18, ai.onnx.ml 3'. */
function versionsOf({ opsets }: OnnxFile): string | null {
  const all = [...opsets].map(([domain, version]) => `${domain === '' ? 'ai.onnx' : domain} ${version}`);
  return all.length === 0 ? null : all.join(', ');
}

function objectiveOf({ graph }: OnnxFile): string | null {
  const names = new Set(
    graph.nodes.map(({ operator }) => operator).filter((operator) => MODELS.has(operator)),
  );
  return names.size === 0 ? null : [...names].join(', ');
}
