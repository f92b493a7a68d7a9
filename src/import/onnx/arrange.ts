import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, constantsAt, intsAt, type Operator, optionalAt, tensorAt, tensors } from './operator.ts';
import { axisOf, broadcastShape, broadcastTo, forEachIndex, rearrange, stridesOf } from './shapes.ts';
import { type Constant, type Element, isConstant, sizeOf, type Tensor, tensor, type Value } from './value.ts';

/** Operators that move elements and compute nothing. */
export const arrange: Readonly<Record<string, Operator>> = {
  Constant: constant,
  ConstantOfShape: (call) => {
    const shape = intsAt(call, 0);
    const value = call.attributes.tensor('value') ?? tensor('float32', [1], [0]);
    return [broadcastTo(tensor(value.type, [], value.elements), shape)];
  },
  Shape: (call) => {
    const { shape } = tensorAt(call, 0);
    const part = shape.slice(call.attributes.int('start', 0), call.attributes.int('end', shape.length));
    return [tensor('int64', [part.length], part)];
  },
  Size: (call) => [tensor('int64', [], [sizeOf(tensorAt(call, 0).shape)])],
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: (call) => {
    const parts = tensors(call);
    return [concat(parts, axisOf(call.attributes.int('axis', 1), parts[0]!.shape.length))];
  },
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: gatherElements,
  Expand: (call) => {
    const x = tensorAt(call, 0);
    return [broadcastTo(x, broadcastShape(x.shape, intsAt(call, 1)))];
  },
  Tile: tile,
  Range: range,
  Pad: pad,
  Compress: compress,
  NonZero: nonZero,
  OneHot: oneHot,
  SequenceConstruct: (call) => [{ kind: 'sequence', values: tensors(call) }],
  SequenceAt: (call) => {
    const sequence = call.inputs[0];
    if (sequence?.kind !== 'sequence') throw new NodeError('input 0 is no sequence');
    const [at] = intsAt(call, 1);
    const value = sequence.values.at(at!);
    if (value === undefined) throw new NodeError(`the sequence has no element ${at}`);
    return [value];
  },
};

function constant({ attributes }: Call): readonly Tensor[] {
  const value = attributes.tensor('value');
  if (value !== undefined) return [value];
  if (attributes.has('value_float')) return [tensor('float32', [], [attributes.float('value_float', 0)])];
  if (attributes.has('value_int')) return [tensor('int64', [], [attributes.int('value_int', 0)])];
  if (attributes.has('value_string')) return [tensor('string', [], [attributes.text('value_string', '')])];
  const lists = [
    ['value_floats', 'float32', attributes.floats('value_floats')],
    ['value_ints', 'int64', attributes.ints('value_ints')],
    ['value_strings', 'string', attributes.texts('value_strings')],
  ] as const;
  const given = lists.find(([name]) => attributes.has(name));
  if (given === undefined) throw new UnsupportedNode('its value is no dense tensor');
  return [tensor(given[1], [given[2].length], given[2])];
}

function reshape(call: Call): readonly Value[] {
  if (call.inputs[0]?.kind === 'terms') return [call.inputs[0]];
  const x = tensorAt(call, 0);
  const wanted = call.inputs[1] === undefined ? call.attributes.ints('shape') : intsAt(call, 1);
  const keepZero = call.attributes.flag('allowzero', false);
  const sizes = wanted.map((size, axis) => (size === 0 && !keepZero ? (x.shape[axis] ?? 0) : size));
  const known = sizeOf(sizes.filter((size) => size !== -1));
  const shape = sizes.map((size) => (size === -1 ? x.elements.length / known : size));
  const fits =
    sizeOf(shape) === x.elements.length && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!fits) throw new NodeError(`shape [${x.shape.join()}] does not reshape to [${wanted.join()}]`);
  return [{ ...x, shape }];
}

/** Terms stay a list, however it is arranged: one row has no other axis. */
function flatten(call: Call): readonly Value[] {
  if (call.inputs[0]?.kind === 'terms') return [call.inputs[0]];
  const x = tensorAt(call, 0);
  const axis = call.attributes.int('axis', 1);
  const at = axis < 0 ? axis + x.shape.length : axis;
  return [{ ...x, shape: [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))] }];
}

/** Axes of an attribute (old versions) or of an input; undefined when neither is there. */
export function axesOf(call: Call, position: number): readonly number[] | undefined {
  if (call.inputs[position] !== undefined) return intsAt(call, position);
  return call.attributes.has('axes') ? call.attributes.ints('axes') : undefined;
}

function squeeze(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const given = axesOf(call, 1)?.map((axis) => axisOf(axis, x.shape.length));
  const dropped = given ?? x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (dropped.some((axis) => x.shape[axis] !== 1))
    throw new NodeError('an axis of size other than 1 is squeezed');
  return [{ ...x, shape: x.shape.filter((_, axis) => !dropped.includes(axis)) }];
}

function unsqueeze(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const axes = axesOf(call, 1) ?? [];
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank)));
  if (added.size !== axes.length) throw new NodeError('an axis is added twice');
  const sizes = [...x.shape];
  return [{ ...x, shape: Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : sizes.shift()!)) }];
}

function transpose(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const given = call.attributes.ints('perm');
  const order = given.length > 0 ? given : x.shape.map((_, axis) => x.shape.length - 1 - axis);
  const isPermutation = order.length === x.shape.length && x.shape.every((_, axis) => order.includes(axis));
  if (!isPermutation) throw new NodeError(`[${order.join()}] is no order of ${x.shape.length} axes`);
  return [transposed(x, order)];
}

export function transposed(x: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = order.map((axis) => x.shape[axis]!);
  return rearrange(x, shape, (index) => order.reduce((sum, axis, k) => sum + index[k]! * strides[axis]!, 0));
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new NodeError('it has no inputs');
  const same = parts.every(
    ({ shape }) =>
      shape.length === first.shape.length && shape.every((size, k) => k === axis || size === first.shape[k]),
  );
  if (!same)
    throw new NodeError(
      `shapes ${parts.map(({ shape }) => `[${shape.join()}]`).join(' ')} do not go together`,
    );
  const outer = sizeOf(first.shape.slice(0, axis));
  const lengths = parts.map(({ elements }) => elements.length / outer);
  const elements: Element[] = [];
  for (let k = 0; k < outer; k++) {
    parts.forEach((part, p) => {
      for (let i = k * lengths[p]!; i < (k + 1) * lengths[p]!; i++) elements.push(part.elements[i]!);
    });
  }
  const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
  return tensor(
    first.type,
    first.shape.map((old, k) => (k === axis ? size : old)),
    elements,
  );
}

/** Element numbers `from`, `from + step`, … along one axis. */
function along(x: Tensor, axis: number, positions: readonly number[]): Tensor {
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, k) => (k === axis ? positions.length : size));
  return rearrange(x, shape, (index) =>
    index.reduce((sum, i, k) => sum + (k === axis ? positions[i]! : i) * strides[k]!, 0),
  );
}

function split(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const axis = axisOf(call.attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const count = call.node.outputs.length;
  const given = call.inputs[1] === undefined ? call.attributes.ints('split') : intsAt(call, 1);
  const even = Math.ceil(size / count);
  const sizes =
    given.length > 0 ? given : Array.from({ length: count }, (_, k) => Math.min(even, size - k * even));
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.some((part) => part < 0)) {
    throw new NodeError(`parts [${sizes.join()}] are split off an axis of ${size}`);
  }
  let start = 0;
  return sizes.map((part) => {
    start += part;
    return along(
      x,
      axis,
      Array.from({ length: part }, (_, k) => start - part + k),
    );
  });
}

function slice(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const list = (position: number, name: string) =>
    call.inputs[position] === undefined ? call.attributes.ints(name) : intsAt(call, position);
  const [starts, ends] = [list(1, 'starts'), list(2, 'ends')];
  const axes = list(3, 'axes');
  const steps = call.inputs[4] === undefined ? [] : intsAt(call, 4);
  return [
    starts.reduce((part, start, k) => {
      const axis = axisOf(axes[k] ?? k, part.shape.length);
      return along(part, axis, slicePositions(part.shape[axis]!, start, ends[k]!, steps[k] ?? 1));
    }, x),
  ];
}

function slicePositions(size: number, start: number, end: number, step: number): number[] {
  if (step === 0) throw new NodeError('a slice has step 0');
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (place: number) => Math.min(Math.max(place < 0 ? place + size : place, low), high);
  const positions: number[] = [];
  for (let at = clamp(start); step > 0 ? at < clamp(end) : at > clamp(end); at += step) positions.push(at);
  return positions;
}

function wrap(position: Constant, size: number): number {
  const at = Number(position) < 0 ? Number(position) + size : Number(position);
  if (!Number.isInteger(at) || at < 0 || at >= size) throw new NodeError(`index ${position} is out of range`);
  return at;
}

function gather(call: Call): readonly Tensor[] {
  const [x, indices] = [tensorAt(call, 0), tensorAt(call, 1)];
  const axis = axisOf(call.attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const strides = stridesOf(x.shape);
  const inner = stridesOf(indices.shape);
  const elements: Element[] = [];
  forEachIndex(shape, (index) => {
    const at = indices.shape.reduce((sum, _, k) => sum + index[axis + k]! * inner[k]!, 0);
    const own = [...index.slice(0, axis), 0, ...index.slice(axis + indices.shape.length)];
    const start = own.reduce((sum, i, k) => sum + i * strides[k]!, 0);
    elements.push(pickAlong(call, x, start, strides[axis]!, size, indices.elements[at]!));
  });
  return [tensor(x.type, shape, elements)];
}

/** The element `position` steps from a start; the row may decide the position. */
function pickAlong(
  call: Call,
  x: Tensor,
  start: number,
  stride: number,
  size: number,
  position: Element,
): Element {
  if (isConstant(position)) return x.elements[start + wrap(position, size) * stride]!;
  return call.program.pick(
    Array.from({ length: size }, (_, k) => x.elements[start + k * stride]!),
    position,
  );
}

function gatherElements(call: Call): readonly Tensor[] {
  const [x, indices] = [tensorAt(call, 0), tensorAt(call, 1)];
  const axis = axisOf(call.attributes.int('axis', 0), x.shape.length);
  const strides = stridesOf(x.shape);
  const fits = indices.shape.every((size, k) => k === axis || size <= x.shape[k]!);
  if (indices.shape.length !== x.shape.length || !fits)
    throw new NodeError('indices and data differ in shape');
  const elements: Element[] = [];
  forEachIndex(indices.shape, (index) => {
    const start = index.reduce((sum, i, k) => sum + (k === axis ? 0 : i * strides[k]!), 0);
    elements.push(
      pickAlong(call, x, start, strides[axis]!, x.shape[axis]!, indices.elements[elements.length]!),
    );
  });
  return [tensor(x.type, indices.shape, elements)];
}

function tile(call: Call): readonly Tensor[] {
  const [x, repeats] = [tensorAt(call, 0), intsAt(call, 1)];
  if (repeats.length !== x.shape.length || repeats.some((count) => count < 0))
    throw new NodeError('bad repeats');
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, axis) => size * repeats[axis]!);
  return [
    rearrange(x, shape, (index) => index.reduce((sum, i, k) => sum + (i % x.shape[k]!) * strides[k]!, 0)),
  ];
}

function range(call: Call): readonly Tensor[] {
  const [start, limit, step] = [0, 1, 2].map((position) => Number(constantsAt(call, position)[0]));
  const length = Math.max(Math.ceil((limit! - start!) / step!), 0);
  const { type } = tensorAt(call, 0);
  const elements: Element[] = [];
  forEachIndex([length], ([k]) => elements.push(start! + k! * step!));
  return [tensor(type, [length], elements)];
}

function pad(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  if (call.attributes.text('mode', 'constant') !== 'constant' || call.inputs[3] !== undefined) {
    throw new UnsupportedNode('it pads with something else than a constant, or some axes only');
  }
  const pads = call.inputs[1] === undefined ? call.attributes.ints('pads') : intsAt(call, 1);
  const rank = x.shape.length;
  if (pads.length !== 2 * rank) throw new NodeError(`${pads.length} pads for ${rank} axes`);
  const filler =
    optionalAt(call, 2)?.elements[0] ?? call.attributes.float('value', x.type === 'string' ? NaN : 0);
  const strides = stridesOf(x.shape);
  const shape = x.shape.map((size, axis) => size + pads[axis]! + pads[axis + rank]!);
  const elements: Element[] = [];
  forEachIndex(shape, (index) => {
    const own = index.map((i, axis) => i - pads[axis]!);
    const inside = own.every((i, axis) => i >= 0 && i < x.shape[axis]!);
    elements.push(inside ? x.elements[own.reduce((sum, i, k) => sum + i * strides[k]!, 0)]! : filler);
  });
  return [tensor(x.type, shape, elements)];
}

function compress(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const kept = constantsAt(call, 1).flatMap((keep, k) => (keep !== 0 ? [k] : []));
  if (!call.attributes.has('axis')) return [along({ ...x, shape: [x.elements.length] }, 0, kept)];
  return [along(x, axisOf(call.attributes.int('axis', 0), x.shape.length), kept)];
}

function nonZero(call: Call): readonly Tensor[] {
  const { shape } = tensorAt(call, 0);
  const values = constantsAt(call, 0);
  const found: (readonly number[])[] = [];
  let at = 0;
  forEachIndex(shape, (index) => {
    if (values[at++] !== 0) found.push([...index]);
  });
  const elements = shape.flatMap((_, axis) => found.map((index) => index[axis]!));
  return [tensor('int64', [shape.length, found.length], elements)];
}

function oneHot(call: Call): readonly Tensor[] {
  const [indices, values] = [tensorAt(call, 0), tensorAt(call, 2)];
  const depth = Number(constantsAt(call, 1)[0]);
  const axis = axisOf(call.attributes.int('axis', -1), indices.shape.length + 1);
  const [off, on] = values.elements;
  const inner = stridesOf(indices.shape);
  const shape = [...indices.shape.slice(0, axis), depth, ...indices.shape.slice(axis)];
  const sources: Element[] = [];
  const places: number[] = [];
  forEachIndex(shape, (index) => {
    const own = [...index.slice(0, axis), ...index.slice(axis + 1)];
    sources.push(indices.elements[own.reduce((sum, i, k) => sum + i * inner[k]!, 0)]!);
    places.push(index[axis]!);
  });
  const { program } = call;
  const at = (place: readonly number[]) => program.combine('==', sources, place, 'float64');
  const hit = program.combine('or', at(places), at(places.map((place) => place - depth)), 'float64');
  return [
    tensor(
      values.type,
      shape,
      program.select(
        hit,
        hit.map(() => on!),
        hit.map(() => off!),
      ),
    ),
  ];
}
