import type { Feature, Model } from '../../ir/model.ts';
import type { ImportedModel, ImportOptions } from '../importer.ts';
import { compactSteps } from './compact.ts';
import type { OnnxFile } from './file.ts';
import { readInputs } from './inputs.ts';
import { lowerOutputs } from './outputs.ts';
import { RowProgram } from './program.ts';
import { explain, GraphRunner } from './run.ts';
import { sourceOf } from './source.ts';
import { TextTables } from './texts.ts';

/** The IR of an ONNX file, for one row. @throws PgscoreError PGS_FILE, PGS_UNSUPPORTED; PGS_USAGE for options */
export function lowerOnnx(file: OnnxFile, options: ImportOptions): ImportedModel {
  const inputs = readInputs(file, options);
  const program = new RowProgram(inputs.features);
  const texts = new TextTables();
  const values = new GraphRunner(file, program, texts).run(file.graph, inputs.values);
  const { task, output, notes } = explained(file, () => lowerOutputs(file, values, program, options));
  const features = inputs.features.map((feature, register) =>
    withCategories(feature, texts.categories.get(register)),
  );
  const model: Model = {
    irVersion: 1,
    task,
    features,
    ...compactSteps(features.length, program.steps, output),
  };
  return {
    model,
    source: sourceOf(file, [...notesOf(features), ...notes]),
  };
}

function explained<T>({ name }: OnnxFile, lower: () => T): T {
  try {
    return lower();
  } catch (error) {
    throw explain(error, `${name}: the graph's outputs`);
  }
}

function withCategories(feature: Feature, categories: ReadonlySet<string> | undefined): Feature {
  return feature.kind === 'text' && categories !== undefined
    ? { ...feature, categories: [...categories] }
    : feature;
}

function notesOf(features: readonly Feature[]): readonly string[] {
  return features.some(({ kind }) => kind === 'text')
    ? ['ONNX has no missing texts: NULL in a text feature counts as the empty text.']
    : [];
}
