import type { GraphTensor, TensorType } from '../../ir/graph.ts';
import type { Prediction } from '../../ir/model.ts';
import { fromFloat16 } from '../float16.ts';
import type { TensorData, TensorValue } from '../tensor-data.ts';
import { badRequest } from './errors.ts';
import type { JsonRow, ServedFeature, ServedVersion } from './service.ts';

/**
 * Versions that run in the database take rows and give predictions; the protocol speaks of tensors. Each feature is an
 * input of its name with one element a row; the parts of a prediction are the outputs.
 */
export function inputsOf({ features, inputs, runsIn }: ServedVersion): readonly GraphTensor[] {
  if (runsIn === 'sidecar') return inputs;
  return features.map(({ name, kind }) => ({
    name,
    type: kind === 'text' ? 'string' : 'float64',
    shape: [null],
  }));
}

export function outputsOf({ outputs, runsIn, labels, hasValues }: ServedVersion): readonly GraphTensor[] {
  if (runsIn === 'sidecar') return outputs;
  const classes: GraphTensor[] =
    labels === null
      ? []
      : [
          { name: 'label', type: 'string', shape: [null] },
          { name: 'probabilities', type: 'float64', shape: [null, labels.length] },
        ];
  const values: GraphTensor[] = hasValues ? [{ name: 'values', type: 'float64', shape: [null, null] }] : [];
  return [
    { name: 'value', type: 'float64', shape: [null] },
    ...classes,
    { name: 'raw', type: 'float64', shape: [null, null] },
    ...values,
  ];
}

/** The name under which a model of numbers alone takes all features as one matrix, in signature order. */
export const MATRIX = 'features';

/** The rows that input tensors hold, [n] or [n, 1] each; or one matrix [n, features]. Throws HttpError 400. */
export function rowsOf(version: ServedVersion, inputs: ReadonlyMap<string, TensorValue>): JsonRow[] {
  const matrix = inputs.get(MATRIX);
  if (inputs.size === 1 && matrix !== undefined && matrix.dims.length === 2)
    return rowsOfMatrix(version, matrix);
  const columns = version.features.map(
    (feature) => [feature.name, columnOf(feature, inputs.get(feature.name)!)] as const,
  );
  const count = columns[0]?.[1].length ?? 0;
  const other = columns.find(([, column]) => column.length !== count);
  if (other !== undefined) {
    throw badRequest(
      `inputs differ in length: ${columns[0]![0]} has ${count} rows, ${other[0]} has ${other[1].length}`,
    );
  }
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(columns.map(([name, column]) => [name, column[row]])),
  );
}

function columnOf({ name, kind }: ServedFeature, { type, dims, data }: TensorValue): readonly unknown[] {
  if (dims.length === 0 || dims.length > 2 || (dims.length === 2 && dims[1] !== 1)) {
    throw badRequest(`input ${name}: its shape is [${dims.join(', ')}], expected [rows] or [rows, 1]`);
  }
  if ((kind === 'text') !== (type === 'string')) {
    throw badRequest(
      `input ${name}: a ${kind} feature takes ${kind === 'text' ? 'BYTES' : 'FP64, FP32, FP16, BOOL or an integer type'}`,
    );
  }
  return type === 'string' ? (data as readonly string[]) : numbersOf(type, data);
}

function rowsOfMatrix({ model, features }: ServedVersion, { type, dims, data }: TensorValue): JsonRow[] {
  if (type === 'string' || features.some(({ kind }) => kind !== 'number')) {
    throw badRequest(
      `model ${model} takes an input a feature: ${features.map(({ name }) => name).join(', ')}`,
    );
  }
  const width = features.length;
  if (dims[1] !== width) {
    throw badRequest(`input ${MATRIX}: its shape is [${dims.join(', ')}], expected [rows, ${width}]`);
  }
  const numbers = numbersOf(type, data);
  return Array.from({ length: dims[0]! }, (_, row) =>
    Object.fromEntries(features.map(({ name }, k) => [name, numbers[row * width + k]])),
  );
}

/** As features take them: NaN is missing. */
function numbersOf(type: TensorType, data: TensorData): readonly unknown[] {
  return Array.from(data as ArrayLike<number | bigint>, (value) => {
    const number = type === 'float16' ? fromFloat16(Number(value)) : Number(value);
    if (Number.isNaN(number)) return null;
    return Number.isFinite(number) ? number : String(number);
  });
}

/** The parts of predictions as tensors, by the names of `outputsOf`. NULL is NaN, and the empty text for a label. */
export function tensorsOf(
  { labels, hasValues }: ServedVersion,
  predictions: readonly Prediction[],
): Map<string, TensorValue> {
  const n = predictions.length;
  const tensors = new Map<string, TensorValue>();
  const numbers = (
    name: string,
    width: number,
    of: (prediction: Prediction) => readonly (number | null)[],
  ) => {
    const data = Float64Array.from(predictions.flatMap(of), (value) => value ?? Number.NaN);
    tensors.set(name, { type: 'float64', dims: width === -1 ? [n] : [n, width], data });
  };
  numbers('value', -1, ({ value }) => [value]);
  if (labels !== null) {
    tensors.set('label', { type: 'string', dims: [n], data: predictions.map(({ label }) => label ?? '') });
    numbers('probabilities', labels.length, ({ probabilities }) =>
      labels.map((label) => probabilities?.[label] ?? null),
    );
  }
  numbers('raw', predictions[0]?.raw.length ?? 0, ({ raw }) => raw);
  if (hasValues) {
    numbers('values', predictions[0]?.values?.length ?? 1, ({ value, values }) => values ?? [value]);
  }
  return tensors;
}
