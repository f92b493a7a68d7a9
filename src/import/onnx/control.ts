import { concat } from './arrange.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, constantsAt, type Operator, tensorAt } from './operator.ts';
import { axisOf, linesAlong } from './shapes.ts';
import { type Tensor, tensor, type Value } from './value.ts';

/** Operators that run graphs. How often is known at import: the graphs become steps that often. */
export const control: Readonly<Record<string, Operator>> = { If: branch, Scan: scan };

/** Longer scans are over training data that is too much for a row. */
const MAX_ROUNDS = 5000;

function branch(call: Call): readonly Value[] {
  const [condition] = constantsAt(call, 0);
  return call.runGraph(call.attributes.graph(condition !== 0 ? 'then_branch' : 'else_branch'), []);
}

/** Version 9 and later: states first, then the tensors that are cut into slices. */
function scan(call: Call): readonly Value[] {
  const { attributes } = call;
  if (call.version < 9) throw new UnsupportedNode('it is of version 8');
  const body = attributes.graph('body');
  const scanned = attributes.int('num_scan_inputs', 0);
  const count = call.inputs.length - scanned;
  if (scanned < 1 || count < 0 || body.outputs.length < count)
    throw new NodeError(`it scans ${scanned} inputs`);
  const sources = Array.from({ length: scanned }, (_, k) => tensorAt(call, count + k));
  const slices = sources.map((source, k) => {
    const parts = slicesOf(source, axisOf(attributes.ints('scan_input_axes')[k] ?? 0, source.shape.length));
    return attributes.ints('scan_input_directions')[k] === 1 ? parts.reverse() : parts;
  });
  const rounds = slices[0]!.length;
  if (slices.some(({ length }) => length !== rounds)) throw new NodeError('what it scans differs in length');
  if (rounds > MAX_ROUNDS) throw new UnsupportedNode(`it scans ${rounds} slices`);
  let states: readonly Value[] = Array.from({ length: count }, (_, k) => tensorAt(call, k));
  const gathered: Tensor[][] = body.outputs.slice(count).map(() => []);
  for (let round = 0; round < rounds; round++) {
    const outputs = call.runGraph(body, [...states, ...slices.map((parts) => parts[round]!)]);
    states = outputs.slice(0, count);
    outputs.slice(count).forEach((value, k) => {
      if (value.kind !== 'tensor') throw new NodeError(`output ${k} of its body is no tensor`);
      gathered[k]!.push(value);
    });
  }
  return [...states, ...gathered.map((parts, k) => stacked(call, parts, k))];
}

function slicesOf(source: Tensor, axis: number): Tensor[] {
  const shape = source.shape.filter((_, k) => k !== axis);
  const { lines } = linesAlong(source.shape, axis);
  return Array.from({ length: source.shape[axis]! }, (_, at) =>
    tensor(
      source.type,
      shape,
      lines.map((line) => source.elements[line[at]!]!),
    ),
  );
}

/** One output of all rounds, along a new axis. */
function stacked({ attributes }: Call, parts: readonly Tensor[], output: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new NodeError('it scans nothing');
  const axis = axisOf(attributes.ints('scan_output_axes')[output] ?? 0, first.shape.length + 1);
  const raised = parts.map((part) => ({
    ...part,
    shape: [...part.shape.slice(0, axis), 1, ...part.shape.slice(axis)],
  }));
  if (attributes.ints('scan_output_directions')[output] === 1) raised.reverse();
  return concat(raised, axis);
}
