import type { ImportedGraph, ImportOptions } from '../../src/import/importer.ts';
import { importAny } from '../../src/import/registry.ts';
import {
  type FileValue,
  floatConstant,
  floatInput,
  type NodeValue,
  onnxBytes,
  TYPE,
} from '../unit/import/onnx/files.ts';

/** A graph that only the sidecar runs, with its file. */
export interface MadeGraph {
  readonly imported: ImportedGraph;
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
}

/**
 * y = Celu(a) + Celu(b) + …, one input a feature: Celu gives numbers from 0 up as they are (and is not scored in the
 * database), so that answers can be told by head. `padding` bytes lie in the file unused.
 */
export function celuSum(
  inputs: readonly string[],
  more: Partial<FileValue> & { readonly padding?: number } = {},
): FileValue {
  const { padding = 0, ...rest } = more;
  const nodes: NodeValue[] = inputs.map((name, k) => ({
    name: `celu_${k}`,
    operator: 'Celu',
    inputs: [name],
    outputs: [`c${k}`],
  }));
  return {
    nodes: [...nodes, { operator: 'Sum', inputs: inputs.map((_, k) => `c${k}`), outputs: ['y'] }],
    inputs: inputs.map((name) => floatInput(name, 1)),
    outputs: [floatInput('y', 1)],
    constants:
      padding === 0
        ? []
        : [{ name: 'padding', type: TYPE.int32, dims: [padding / 4], raw: new Uint8Array(padding) }],
    ...rest,
  };
}

export function makeGraph(value: FileValue, options: ImportOptions = {}, name = 'made.onnx'): MadeGraph {
  const file = { name, bytes: onnxBytes(value) };
  const imported = importAny(file, options);
  if (imported.kind !== 'graph') throw new Error('the database runs it');
  return { imported, file };
}

/** 2^53: from here on float64 does not hold every whole number. */
const BASE = 2 ** 53;

/**
 * Arrays in and out: `image` [2, 3] comes back as `embedding`, numbers from 0 up as they are, and of `place` [1, 2],
 * whole numbers of 64 bits, comes as raw scores what they have more than 2^53.
 */
export function imageGraph(): MadeGraph {
  const inputs = {
    name: 'made.inputs.json',
    text: JSON.stringify({ outputs: { raw: 'more', values: 'embedding' } }),
  };
  return makeGraph(
    {
      nodes: [
        { operator: 'Celu', inputs: ['image'], outputs: ['embedding'] },
        { operator: 'Sub', inputs: ['place', 'base'], outputs: ['more'] },
      ],
      inputs: [
        { name: 'image', type: TYPE.float, dims: [null, 2, 3] },
        { name: 'place', type: TYPE.int64, dims: [null, 1, 2] },
      ],
      outputs: [
        { name: 'embedding', type: TYPE.float, dims: [null, 2, 3] },
        { name: 'more', type: TYPE.int64, dims: [null, 1, 2] },
      ],
      constants: [{ name: 'base', type: TYPE.int64, dims: [], ints: [BASE] }],
    },
    { inputs },
  );
}

/** y = a + b + bias for numbers from 0 up: versions that can be told apart by head. */
export function biasedSum(bias: number): MadeGraph {
  const sum = celuSum(['a', 'b']);
  const last = { operator: 'Sum', inputs: ['c0', 'c1', 'bias'], outputs: ['y'] };
  return makeGraph({
    ...sum,
    nodes: [...sum.nodes.slice(0, -1), last],
    constants: [floatConstant('bias', [bias], [1, 1])],
  });
}
