import { PgscoreError } from '../errors.ts';
import { type GraphModel, type OutputElement, outputNames } from '../ir/graph.ts';
import type { Prediction } from '../ir/model.ts';
import { fromFloat16 } from './float16.ts';
import type { TensorData, TensorValue } from './tensor-data.ts';

/** As any model's prediction; `value` is null when the model predicts an array only. */
export type GraphPrediction = Prediction;

/** The prediction of a row whose array is NULL. */
export const NULL_PREDICTION: GraphPrediction = { value: null, label: null, probabilities: null, raw: [] };

/** Output tensors by name. Half-precision data is bits, or a Float16Array where Node has it. */
export type Outputs = Readonly<Record<string, Omit<TensorValue, 'type'> & { readonly type: string }>>;

/**
 * The predictions of a run's `rows` rows, in order.
 * @throws PgscoreError PGS_INPUT when an output has not the shape that the model's description needs
 */
export function readOutputs(graph: GraphModel, outputs: Outputs, rows: number): GraphPrediction[] {
  const readers = new Map(
    outputNames(graph.output).map((name) => [name, rowReader(name, outputs[name], rows)]),
  );
  const element = ({ output, index }: OutputElement) => readers.get(output)!.element(index);
  const { value, raw, values, classes } = graph.output;
  const one = value === undefined ? undefined : element(value);
  const probabilities = classes?.probabilities.map(element);
  const predicted = classes?.predicted === undefined ? undefined : element(classes.predicted);
  const rawRow = raw === undefined ? undefined : readers.get(raw)!;
  const valuesRow = values === undefined ? undefined : readers.get(values)!;
  return Array.from({ length: rows }, (_, row) => {
    const chances = probabilitiesOf(probabilities, row);
    const place = classes === undefined ? -1 : placeOf(classes, predicted?.(row), chances);
    return {
      value: one === undefined ? (place === -1 ? null : place) : Number(one(row)),
      label: classes?.labels[place] ?? null,
      probabilities:
        classes === undefined || chances.length === 0
          ? null
          : Object.fromEntries(classes.labels.map((label, k) => [label, chances[k]!])),
      raw: rawRow === undefined ? [] : rawRow.numbers(row),
      ...(valuesRow === undefined ? {} : { values: valuesRow.numbers(row) }),
    };
  });
}

type Cell = (row: number) => number | string;

/** One element is the chance of the second of two labels. */
function probabilitiesOf(elements: readonly Cell[] | undefined, row: number): number[] {
  const chances = (elements ?? []).map((cell) => Number(cell(row)));
  return chances.length === 1 ? [1 - chances[0]!, chances[0]!] : chances;
}

/** The position of the predicted label; -1 when nothing tells. */
function placeOf(
  { labels, codes }: NonNullable<GraphModel['output']['classes']>,
  predicted: number | string | undefined,
  chances: readonly number[],
): number {
  if (predicted !== undefined) {
    if (codes !== undefined) return codes.indexOf(predicted);
    return typeof predicted === 'string' ? labels.indexOf(predicted) : predicted;
  }
  if (chances.some(Number.isNaN)) return -1;
  return chances.indexOf(Math.max(...chances));
}

interface RowReader {
  element(index: number): Cell;
  numbers(row: number): number[];
}

function rowReader(name: string, tensor: Outputs[string] | undefined, rows: number): RowReader {
  if (tensor === undefined) refuse(name, 'is missing');
  const { data, dims, type } = tensor;
  const size = data.length / rows;
  // A run of one row may drop the axis of rows.
  if (dims[0] !== rows && !(rows === 1 && dims.length === 0)) {
    refuse(
      name,
      `has shape [${dims.join(', ')}] after a run of ${rows} rows: its first axis must count the rows`,
    );
  }
  const convert = converter(type, data);
  return {
    element(index) {
      if (index >= size) refuse(name, `has ${size} elements a row, and element ${index} is wanted (from 0)`);
      return (row) => convert(data[row * size + index]!);
    },
    numbers: (row) =>
      Array.from(data.slice(row * size, (row + 1) * size) as ArrayLike<number>, (each) =>
        Number(convert(each)),
      ),
  };
}

function converter(type: string, data: TensorData): (value: number | bigint | string) => number | string {
  if (type === 'string') return (value) => value as string;
  if (type === 'float16' && data instanceof Uint16Array) return (bits) => fromFloat16(Number(bits));
  return Number;
}

function refuse(name: string, problem: string): never {
  throw new PgscoreError('PGS_INPUT', `the graph's output ${JSON.stringify(name)} ${problem}`);
}
