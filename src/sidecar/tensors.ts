/**
 * Between rows and tensors: a batch of rows becomes a graph's input tensors (axis 0 counts the rows), and its output
 * tensors become predictions. Pure; `scoreRows` puts a run of the graph between the two.
 */
import type { GraphArray, GraphElement, GraphInput, GraphModel } from '../ir/graph.ts';
import { numberOf } from '../number-text.ts';
import { type NumberArray, parseArray, wholeNumber } from './array-text.ts';
import type { RawRow } from './raw-row.ts';
import { RowError, ValueError } from './row-error.ts';
import { allocate, type Feeds, isWhole, putNumber, type TensorData } from './tensor-data.ts';

export { type GraphPrediction, NULL_PREDICTION, readOutputs } from './outputs.ts';
export { type RawRow, rawRowOf } from './raw-row.ts';
export { RowError } from './row-error.ts';
export type { Feeds, TensorData, TensorValue } from './tensor-data.ts';

/** Rows that one run of the graph takes together. */
export interface Run {
  /** Indices of its rows among those given, in the order of the tensors' first axis; at least one. */
  readonly rows: readonly number[];
  readonly feeds: Feeds;
}

export interface Assembly {
  /** One, unless arrays of any length differ in length, or the graph takes one row a run. */
  readonly runs: readonly Run[];
  /** Rows whose prediction is NULL because an array is NULL. */
  readonly nullRows: readonly number[];
  /** Rows that do not fit the model: one error a row. */
  readonly errors: readonly RowError[];
}

/**
 * The graph's input tensors for a batch of rows, which must all fit into one run. @throws RowError for the first row
 * that does not fit, that has a NULL array, or whose arrays have another length than those of the rows before
 */
export function assembleInputs(graph: GraphModel, rows: readonly RawRow[]): Feeds {
  const { runs, nullRows, errors } = assembleRuns(graph, rows);
  if (errors.length > 0) throw errors[0];
  if (nullRows.length > 0) {
    const row = nullRows[0]!;
    const feature = graph.features.find(({ kind }, f) => kind === 'array' && rows[row]![f] === null)!;
    throw new RowError(row, feature.name, 'the array is NULL');
  }
  if (runs.length > 1) {
    if (graph.rowsPerRun === 1) throw new RangeError('the graph takes one row a run');
    const feature = graph.features.find(({ kind }) => kind === 'array')!;
    throw new RowError(runs[1]!.rows[0]!, feature.name, 'the array has another shape than that of row 0');
  }
  return runs[0]?.feeds ?? new Batch(graph, [], 0).feeds();
}

/** As `assembleInputs` for rows of any kind: those that do not fit are told apart from those that do. */
export function assembleRuns(graph: GraphModel, rows: readonly RawRow[]): Assembly {
  const batches = new Map<string, { rows: number[]; arrays: RowArrays[]; shapes: RowShapes }>();
  const nullRows: number[] = [];
  const errors: RowError[] = [];
  rows.forEach((row, index) => {
    try {
      const arrays = readArrays(graph, row, index);
      if (arrays === null) {
        nullRows.push(index);
        return;
      }
      const shapes = arrays.map((array) => array?.shape);
      const key = graph.rowsPerRun === 1 ? String(index) : JSON.stringify(shapes);
      const batch = batches.get(key) ?? { rows: [], arrays: [], shapes };
      batches.set(key, batch);
      batch.rows.push(index);
      batch.arrays.push(arrays);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      errors.push(error);
    }
  });
  const runs: Run[] = [];
  for (const { rows: indices, arrays, shapes } of batches.values()) {
    const batch = new Batch(graph, shapes, indices.length);
    const fitting: number[] = [];
    indices.forEach((index, k) => {
      try {
        batch.add(rows[index]!, arrays[k]!, index);
        fitting.push(index);
      } catch (error) {
        if (!(error instanceof RowError)) throw error;
        errors.push(error);
      }
    });
    if (fitting.length > 0) runs.push({ rows: fitting, feeds: batch.feeds() });
  }
  return { runs, nullRows, errors: errors.sort((a, b) => a.row - b.row) };
}

/** One entry an input of the graph: the array that feeds it, undefined for one that is fed by elements. */
type RowArrays = readonly (NumberArray | undefined)[];
type RowShapes = readonly (readonly number[] | undefined)[];

/** Null when an array is NULL. */
function readArrays(graph: GraphModel, row: RawRow, index: number): RowArrays | null {
  const arrays: (NumberArray | undefined)[] = [];
  for (const input of graph.inputs) {
    if (!('array' in input.from)) {
      arrays.push(undefined);
      continue;
    }
    const text = row[input.from.array]!;
    if (text === null) return null;
    const feature = graph.features[input.from.array] as GraphArray;
    arrays.push(told(index, feature.name, input, () => readArray(input, text)));
  }
  return arrays;
}

/** The array with its shape checked; flat numbers (a bytea, a vector) are taken in row-major order. */
function readArray(input: GraphInput, text: string): NumberArray {
  const { type, shape: wanted } = input;
  const array = parseArray(text, {
    whole: type === 'int64' || type === 'uint64',
    bytea: type === 'uint8' ? 'uint8' : 'float32',
  });
  const { values, shape } = array;
  if (fits(shape, wanted)) return array;
  const filled = shape.length === 1 && wanted.length > 1 ? fill(wanted, values.length) : undefined;
  if (filled !== undefined) return { values, shape: filled };
  throw new ValueError(`shape ${show(shape)} was found, ${show(wanted)} expected`);
}

function fits(shape: readonly number[], wanted: readonly (number | null)[]): boolean {
  return shape.length === wanted.length && shape.every((size, k) => wanted[k] === null || wanted[k] === size);
}

/** The wanted shape for so many numbers, with its one unknown size told by them. */
function fill(wanted: readonly (number | null)[], count: number): readonly number[] | undefined {
  const known = wanted.reduce<number>((product, size) => product * (size ?? 1), 1);
  const unknown = wanted.filter((size) => size === null).length;
  if (unknown === 0) return known === count ? (wanted as readonly number[]) : undefined;
  if (unknown > 1 || known === 0 || count % known !== 0) return undefined;
  return wanted.map((size) => size ?? count / known);
}

function show(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? 'any').join(', ')}]`;
}

/** Runs code that throws a ValueError, and says of which row, feature and input it is. */
function told<T>(row: number, feature: string, input: GraphInput, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new RowError(row, feature, `${error.message} (input ${JSON.stringify(input.name)}, ${input.type})`);
  }
}

/** The tensors of one run while rows are added. */
class Batch {
  readonly #graph: GraphModel;
  readonly #tensors: readonly {
    input: GraphInput;
    shape: readonly number[];
    size: number;
    data: TensorData;
  }[];
  #rows = 0;

  /** `shapes`: those of array inputs; `capacity`: how many rows there will be at most. */
  constructor(graph: GraphModel, shapes: RowShapes, capacity: number) {
    this.#graph = graph;
    this.#tensors = graph.inputs.map((input, k) => {
      const shape = shapes[k] ?? input.shape.map((size) => size ?? 0);
      const size = shape.reduce((product, length) => product * length, 1);
      return { input, shape, size, data: allocate(input.type, size * capacity) };
    });
  }

  /** @throws RowError; the row is not part of the batch then */
  add(row: RawRow, arrays: RowArrays, index: number): void {
    this.#tensors.forEach(({ input, size, data }, k) => {
      const start = this.#rows * size;
      const { from } = input;
      if ('array' in from) {
        const { name } = this.#graph.features[from.array]!;
        told(index, name, input, () => putArray(input, data, start, arrays[k]!));
        return;
      }
      from.elements.forEach((element, e) => {
        const { name } = this.#graph.features[element.feature]!;
        told(index, name, input, () => putElement(input, data, start + e, element, row[element.feature]!));
      });
    });
    this.#rows++;
  }

  feeds(): Feeds {
    return Object.fromEntries(
      this.#tensors.map(({ input: { name, type }, shape, size, data }) => {
        const used = this.#rows * size;
        const part = Array.isArray(data) ? data.slice(0, used) : data.subarray(0, used);
        return [name, { type, data: part, dims: [this.#rows, ...shape] }];
      }),
    );
  }
}

function putArray({ type }: GraphInput, data: TensorData, start: number, { values }: NumberArray): void {
  if (type === 'float32' || type === 'float64') {
    (data as Float32Array).set(values as Float64Array, start);
    return;
  }
  for (let i = 0; i < values.length; i++) putNumber(type, data, start + i, values[i]!);
}

function putElement(
  { type }: GraphInput,
  data: TensorData,
  index: number,
  element: GraphElement,
  text: string | null,
): void {
  if (element.kind === 'text') (data as string[])[index] = text ?? element.missing;
  else
    putNumber(
      type,
      data,
      index,
      element.kind === 'number' ? scaled(element, type, text) : code(element, text),
    );
}

function scaled(
  { missing, subtract, divide }: Extract<GraphElement, { kind: 'number' }>,
  type: GraphInput['type'],
  text: string | null,
): number | bigint {
  const given = text === null ? Number.NaN : numberOf(text);
  if (given === undefined) throw new ValueError(`${JSON.stringify(text!.slice(0, 60))} is no number`);
  const number = Number.isNaN(given) ? missing : given;
  // float64 does not hold every 64-bit number.
  if (subtract === 0 && divide === 1 && isWhole(type) && !Number.isSafeInteger(number) && text !== null) {
    return wholeNumber(text) ?? number;
  }
  return (number - subtract) / divide;
}

const codesOf = new WeakMap<GraphElement, ReadonlyMap<string, number>>();

function code(element: Extract<GraphElement, { kind: 'category' }>, text: string | null): number {
  if (text === null) return element.missing;
  let codes = codesOf.get(element);
  if (codes === undefined) {
    codes = new Map(element.categories.map((category, k) => [category, element.codes[k]!]));
    codesOf.set(element, codes);
  }
  return codes.get(text) ?? element.unknown;
}
