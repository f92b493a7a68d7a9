import { PgscoreError } from '../../errors.ts';
import type { Dtype } from './dtype.ts';
import type { NdArray } from './ndarray.ts';

/**
 * A Python value as data. Numbers are int, float and bool alike, save those too great for a double (bigint); lists and
 * tuples are arrays, dicts are Maps, bytes are views into the file. Values may refer to each other in circles, and one
 * may stand in a million places: whoever walks them bounds the walk.
 */
export type PyValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PyValue[]
  | Map<PyValue, PyValue>
  | Set<PyValue>
  | PyGlobal
  | PyObject
  | NdArray
  | Dtype;

/** The name of a class or function. Never looked up, never called. */
export class PyGlobal {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** An instance: its class by name, the arguments it was to be made with, and its state. */
export class PyObject {
  readonly type: PyGlobal;
  readonly args: readonly PyValue[];
  /** What its __setstate__ would get: mostly a dict of attributes. */
  state: PyValue | undefined;
  /** Entries, for a subclass of dict. */
  entries: Map<PyValue, PyValue> | undefined;
  /** Elements, for a subclass of list. */
  elements: PyValue[] | undefined;

  constructor(type: PyGlobal, args: readonly PyValue[], state?: PyValue) {
    this.type = type;
    this.args = args;
    this.state = state;
  }

  /** The elements, made when there were none. */
  toList(): PyValue[] {
    this.elements ??= [];
    return this.elements;
  }

  /** The entries, made when there were none. */
  toDict(): Map<PyValue, PyValue> {
    this.entries ??= new Map();
    return this.entries;
  }

  /** The attribute's value; undefined when the object has none of that name. */
  attribute(name: string): PyValue | undefined {
    const { state } = this;
    if (state instanceof Map) return state.get(name);
    // (attributes, slots), as copyreg writes classes with __slots__.
    if (!Array.isArray(state) || state.length !== 2) return undefined;
    const [first, second] = state;
    const slot = second instanceof Map ? second.get(name) : undefined;
    return slot === undefined && first instanceof Map ? first.get(name) : slot;
  }
}

/** The file that a pickle came from, for messages. */
export interface PickleOrigin {
  readonly name: string;
}

/** @throws PgscoreError PGS_FILE: the stream is none that pickle, numpy or joblib writes. */
export function corrupt(origin: PickleOrigin, problem: string): never {
  throw new PgscoreError('PGS_FILE', `${origin.name}: not a sound pickle: ${problem}.`, {
    hint: 'The file is truncated or damaged: save the model again with joblib.dump or pickle.dump.',
  });
}

/** @throws PgscoreError PGS_UNSUPPORTED: sound perhaps, but not read here. */
export function unsupported(origin: PickleOrigin, problem: string, hint: string): never {
  throw new PgscoreError('PGS_UNSUPPORTED', `${origin.name}: ${problem}.`, { hint });
}

/** What a value is, in a few words whatever its size, for messages. */
export function describeValue(value: PyValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return 'a great integer';
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (value instanceof Set) return `a set of ${value.size}`;
  if (value instanceof PyGlobal) return value.path;
  if (value instanceof PyObject) return value.type.path;
  return 'shape' in value ? 'an array' : 'a dtype';
}
