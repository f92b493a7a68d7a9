import type { Precision } from '../../ir/model.ts';
import type { Attribute, DataType, Graph, Node } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import type { RowProgram } from './program.ts';
import { readTensorData } from './tensor.ts';
import type { TextTables } from './texts.ts';
import { type Constant, constantsOf, type Dictionary, type Tensor, type Value } from './value.ts';

/** A node that is being lowered. */
export interface Call {
  readonly program: RowProgram;
  readonly texts: TextTables;
  readonly node: Node;
  /** Version of the node's operator domain that the file imports. */
  readonly version: number;
  /** Undefined where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly attributes: Attributes;
  /** Lowers a graph of an attribute: its inputs' values, in order, to its outputs'. */
  runGraph(graph: Graph, inputs: readonly Value[]): readonly Value[];
}

/** Gives the node's outputs, in order. @throws NodeError, UnsupportedNode */
export type Operator = (call: Call) => readonly Value[];

/** Attributes with their defaults. @throws NodeError when one is there without a value of the wanted type */
export class Attributes {
  readonly #all: ReadonlyMap<string, Attribute>;
  /** Of which node, for messages. */
  readonly #where: string;

  constructor(all: ReadonlyMap<string, Attribute>, where: string) {
    this.#where = where;
    for (const { name, reference } of all.values()) {
      if (reference !== undefined)
        throw new UnsupportedNode(`attribute ${name} stands for a function's parameter`);
    }
    this.#all = all;
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  int(name: string, otherwise: number): number {
    return this.#value(name, 'int', otherwise);
  }

  float(name: string, otherwise: number): number {
    return this.#value(name, 'float', otherwise);
  }

  text(name: string, otherwise: string): string {
    return this.#value(name, 'text', otherwise);
  }

  flag(name: string, otherwise: boolean): boolean {
    return this.int(name, otherwise ? 1 : 0) !== 0;
  }

  ints(name: string): readonly number[] {
    return this.#all.get(name)?.ints ?? [];
  }

  floats(name: string): readonly number[] {
    return this.#all.get(name)?.floats ?? [];
  }

  texts(name: string): readonly string[] {
    return this.#all.get(name)?.texts ?? [];
  }

  /** Undefined when the attribute is not there. */
  tensor(name: string): Tensor | undefined {
    const data = this.#all.get(name)?.tensor;
    return data === undefined ? undefined : readTensorData(data, `${this.#where}: attribute ${name}`);
  }

  graph(name: string): Graph {
    const graph = this.#all.get(name)?.graph;
    if (graph === undefined) throw new NodeError(`the graph ${name} is missing`);
    return graph;
  }

  #value<K extends 'int' | 'float' | 'text'>(
    name: string,
    kind: K,
    otherwise: Exclude<Attribute[K], undefined>,
  ) {
    const attribute = this.#all.get(name);
    if (attribute === undefined) return otherwise;
    const value = attribute[kind];
    if (value === undefined) throw new NodeError(`attribute ${name} has no ${kind}`);
    return value as Exclude<Attribute[K], undefined>;
  }
}

export function tensorAt(call: Call, position: number): Tensor {
  const value = call.inputs[position];
  if (value?.kind === 'tensor') return value;
  if (value?.kind === 'terms') throw new UnsupportedNode('it works on the terms of a text themselves');
  throw new NodeError(
    value === undefined
      ? `input ${position} is missing`
      : `input ${position} is a ${value.kind}, not a tensor`,
  );
}

export function mapAt(call: Call, position: number): Dictionary {
  const value = call.inputs[position];
  if (value?.kind === 'map') return value;
  throw new NodeError(`input ${position} is no map`);
}

/** An optional tensor. */
export function optionalAt(call: Call, position: number): Tensor | undefined {
  return call.inputs[position] === undefined ? undefined : tensorAt(call, position);
}

export function tensors(call: Call): readonly Tensor[] {
  return call.inputs.map((_, position) => tensorAt(call, position));
}

/** Constants of an input that shapes depend on. @throws UnsupportedNode when the row decides them */
export function constantsAt(call: Call, position: number): readonly Constant[] {
  const constants = constantsOf(tensorAt(call, position));
  if (constants !== undefined) return constants;
  throw new UnsupportedNode(`the shape of a value depends on the row (input ${position})`);
}

/** As `constantsAt`, whole numbers. */
export function intsAt(call: Call, position: number): readonly number[] {
  const constants = constantsAt(call, position);
  if (constants.every((value) => Number.isInteger(value))) return constants as readonly number[];
  throw new NodeError(`input ${position} holds something else than whole numbers`);
}

/** The precision in which onnxruntime computes a type; whole numbers are exact in float64. */
export function precisionOf(type: DataType): Precision {
  return type === 'float32' ? 'float32' : 'float64';
}

/** The element count of one row: onnxruntime takes a matrix for rows and a vector for one row. @throws NodeError */
export function rowWidth({ shape }: Tensor): number {
  if (shape.length === 1) return shape[0]!;
  if (shape.length !== 2)
    throw new NodeError(`a matrix is needed, but the input has shape [${shape.join()}]`);
  return shape[1]!;
}

/** As `rowWidth`; throws when there is more or less than one row. */
export function oneRow(input: Tensor): number {
  const width = rowWidth(input);
  if (input.shape.length === 2 && input.shape[0] !== 1) {
    throw new UnsupportedNode(`it works on ${input.shape[0]} rows at once`);
  }
  return width;
}
