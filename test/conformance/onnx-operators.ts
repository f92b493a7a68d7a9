import { readFileSync } from 'node:fs';
import { scanOnnx } from '../../src/import/onnx/scan.ts';
import { modelPath } from './runner.ts';

/** What made the expected numbers of all ONNX files under test/models. */
export const ONNXRUNTIME = 'onnxruntime 1.30.0';

/** The operators of a graph, each once: what a case with this graph is about. */
export function operatorsOf(bytes: Uint8Array): readonly string[] {
  return [...new Set(scanOnnx('model.onnx', bytes).graph.nodes.map(({ operator }) => operator))];
}

/** The same of a file below test/models, and who recorded its outputs. */
export function onnxFacts(file: string): { models: readonly string[]; recordedBy: string } {
  return { models: operatorsOf(readFileSync(modelPath(file))), recordedBy: ONNXRUNTIME };
}
