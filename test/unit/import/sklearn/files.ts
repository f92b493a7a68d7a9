import { readFileSync } from 'node:fs';
import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';
import { stream, uint32 } from '../pickle/files.ts';

/** A file of test/models. */
export function modelFile(path: string): Buffer {
  return readFileSync(new URL(`../../../models/${path}`, import.meta.url));
}

export function read(bytes: Uint8Array, options: ImportOptions = {}): ImportedModel {
  return importModel({ name: 'model.pkl', bytes }, options);
}

/** The prediction of a model of test/models for a row by feature names; absent features are NULL. */
export function predict(path: string, row: Readonly<Record<string, number | string | null>>): Prediction {
  const { model } = read(modelFile(path));
  return evaluate(
    model,
    model.features.map(({ name }) => row[name] ?? null),
  ).prediction;
}

type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | PyInstance
  | PyArray
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | Reference;

/** An object of a class with attributes. `id` lets a Reference name it. */
export interface PyInstance {
  readonly type: string;
  readonly state: Readonly<Record<string, Value>>;
  readonly id?: number;
}

/** An array of float64. */
export interface PyArray {
  readonly shape: readonly number[];
  readonly numbers: readonly number[];
}

/** An object that was pickled under this id before. */
export interface Reference {
  readonly ref: number;
}

/** A pickle (protocol 2) of a value. */
export function pickle(value: Value): Buffer {
  return stream(0x80, 2, write(value), '.');
}

function write(value: Value): Buffer {
  if (value === null) return stream('N');
  if (typeof value === 'boolean') return stream(value ? 0x88 : 0x89);
  if (typeof value === 'number')
    return Number.isInteger(value) ? writeInteger(value) : stream('F', `${value}\n`);
  if (typeof value === 'string') return stream('X', uint32(Buffer.byteLength(value)), Buffer.from(value));
  if (value instanceof Uint8Array) return stream('B', uint32(value.length), value);
  if (Array.isArray(value)) return stream('(', ...value.map(write), 'l');
  if (value instanceof Map) return stream('}(', ...writePairs(value), 'u');
  if ('ref' in value) return stream('j', uint32((value as Reference).ref));
  return 'shape' in value ? writeArray(value as PyArray) : writeInstance(value as PyInstance);
}

function writeInteger(value: number): Buffer {
  return stream('J', uint32(value >>> 0));
}

function writeArray({ shape, numbers }: PyArray): Buffer {
  const bytes = Buffer.from(new Float64Array(numbers).buffer);
  const dtype = stream('cnumpy\ndtype\n', write('f8'), 0x85, 'R');
  const empty = 'cnumpy.core.multiarray\n_reconstruct\n(tR';
  return stream(empty, '(', write(1), '(', ...shape.map(write), 't', dtype, 0x89, write(bytes), 'tb');
}

function writeInstance({ type, state, id }: PyInstance): Buffer {
  const dot = type.lastIndexOf('.');
  const make = stream(`c${type.slice(0, dot)}\n${type.slice(dot + 1)}\n)`, 0x81);
  const remember = id === undefined ? stream() : stream('r', uint32(id));
  return stream(make, remember, '}(', ...writePairs(Object.entries(state)), 'ub');
}

function writePairs(pairs: Iterable<readonly [string, Value]>): Buffer[] {
  return [...pairs].flatMap(([name, each]) => [write(name), write(each)]);
}

/** A fitted scaler of one column, the smallest transformer. */
export function scaler(state: PyInstance['state'] = {}, id?: number): PyInstance {
  const own = {
    mean_: { shape: [1], numbers: [2] },
    scale_: { shape: [1], numbers: [4] },
    n_features_in_: 1,
  };
  return {
    type: 'sklearn.preprocessing._data.StandardScaler',
    state: { ...own, ...state },
    ...(id === undefined ? {} : { id }),
  };
}

/** A fitted regression of one column. */
export function regression(state: PyInstance['state'] = {}): PyInstance {
  const own = { coef_: { shape: [1], numbers: [3] }, intercept_: 1.5, n_features_in_: 1 };
  return { type: 'sklearn.linear_model._base.LinearRegression', state: { ...own, ...state } };
}

export function pipelineOf(...steps: readonly (readonly [string, Value])[]): PyInstance {
  return { type: 'sklearn.pipeline.Pipeline', state: { steps } };
}
