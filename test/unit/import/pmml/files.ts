import { PgscoreError } from '../../../../src/errors.ts';
import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';

export type Row = Readonly<Record<string, number | string | null>>;

/** A PMML file around a model. Fields are written as they stand: `<DataField …/>`. */
export function pmmlText(fields: string, model: string, dictionary = '', version = '4.4'): string {
  const namespace = `http://www.dmg.org/PMML-${version.replace('.', '_')}`;
  const transformations = dictionary && `<TransformationDictionary>${dictionary}</TransformationDictionary>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<PMML version="${version}" xmlns="${namespace}"><Header/>
<DataDictionary>${fields}</DataDictionary>${transformations}${model}</PMML>`;
}

/** Declarations of continuous doubles. */
export function numbers(...names: readonly string[]): string {
  return names.map((name) => `<DataField name="${name}" optype="continuous" dataType="double"/>`).join('');
}

/** A declaration of a text with its values. */
export function texts(name: string, ...values: readonly string[]): string {
  const list = values.map((value) => `<Value value="${value}"/>`).join('');
  return `<DataField name="${name}" optype="categorical" dataType="string">${list}</DataField>`;
}

/** `<MiningSchema>` of active fields and, after them, a target. */
export function schema(active: readonly string[], target?: string): string {
  const fields = active.map((name) => `<MiningField name="${name}"/>`).join('');
  const last = target === undefined ? '' : `<MiningField name="${target}" usageType="target"/>`;
  return `<MiningSchema>${fields}${last}</MiningSchema>`;
}

/** A regression that answers one expression: what is wanted of transformations is seen through it. */
export function expressionModel(
  fields: string,
  active: readonly string[],
  expression: string,
  { type = 'double', dictionary = '' } = {},
): string {
  const derived = `<DerivedField name="result" optype="continuous" dataType="${type}">${expression}</DerivedField>`;
  return pmmlText(
    fields,
    `<RegressionModel functionName="regression">${schema(active)}
    <LocalTransformations>${derived}</LocalTransformations>
    <RegressionTable intercept="0"><NumericPredictor name="result" coefficient="1"/></RegressionTable>
    </RegressionModel>`,
    dictionary,
  );
}

export function importText(text: string, options?: ImportOptions): ImportedModel {
  return importModel({ name: 'model.pmml', bytes: new TextEncoder().encode(text) }, options);
}

export function predict(text: string, row: Row, options?: ImportOptions): Prediction {
  const { model } = importText(text, options);
  return evaluate(
    model,
    model.features.map(({ name }) => row[name] ?? null),
  ).prediction;
}

/** The one error that users may meet. Anything else is thrown again. */
export function failure(text: string | Uint8Array, options?: ImportOptions): PgscoreError {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  try {
    importModel({ name: 'model.pmml', bytes }, options);
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  throw new Error('The file was imported.');
}
