import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Element, sizeOf, type Tensor, tensor } from './value.ts';

/** More elements than any value of a model has that is scored in the database. */
const MAX_ELEMENTS = 2 ** 20;

/** Elements between neighbours along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** The shape that numpy's rules give two shapes together. @throws NodeError */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new NodeError(`shapes [${a.join()}] and [${b.join()}] do not go together`);
    }
    return left === 1 ? right : left;
  });
}

/** A tensor of the given shape whose element at an index is the source's element number `at(index)`. */
export function rearrange(
  source: Tensor,
  shape: readonly number[],
  at: (index: readonly number[]) => number,
): Tensor {
  const elements: Element[] = [];
  forEachIndex(shape, (index) => elements.push(source.elements[at(index)]!));
  return tensor(source.type, shape, elements);
}

/** @throws UnsupportedNode for a shape of more elements than a row's values have */
export function checkSize(shape: readonly number[]): void {
  if (shape.every((size) => size <= MAX_ELEMENTS) && sizeOf(shape) <= MAX_ELEMENTS) return;
  throw new UnsupportedNode(`a value of shape [${shape.join()}] has more than ${MAX_ELEMENTS} elements`);
}

/** Calls with every index of a shape, row-major. The array is reused. @throws UnsupportedNode for huge shapes */
export function forEachIndex(shape: readonly number[], call: (index: readonly number[]) => void): void {
  checkSize(shape);
  const index = new Array<number>(shape.length).fill(0);
  for (let left = sizeOf(shape); left > 0; left--) {
    call(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

/** The tensor repeated to a shape that broadcasting leads to. @throws NodeError */
export function broadcastTo(source: Tensor, shape: readonly number[]): Tensor {
  const { shape: own } = source;
  if (own.length === shape.length && own.every((size, axis) => size === shape[axis])) return source;
  const offset = shape.length - own.length;
  const fits = offset >= 0 && own.every((size, axis) => size === 1 || size === shape[axis + offset]);
  if (!fits) throw new NodeError(`shape [${own.join()}] does not go to [${shape.join()}]`);
  const strides = stridesOf(own);
  return rearrange(source, shape, (index) =>
    strides.reduce((sum, stride, axis) => sum + (own[axis] === 1 ? 0 : index[axis + offset]! * stride), 0),
  );
}

/** An axis counted from the end when negative. @throws NodeError */
export function axisOf(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || own < 0 || own >= rank)
    throw new NodeError(`there is no axis ${axis} in ${rank} axes`);
  return own;
}

/**
 * The lines along an axis: one list of element numbers for each place on the other axes, row-major in these, and the
 * shape with that axis at size 1.
 */
export function linesAlong(shape: readonly number[], axis: number): { lines: number[][]; rest: number[] } {
  const rest = shape.map((size, k) => (k === axis ? 1 : size));
  const strides = stridesOf(shape);
  const lines: number[][] = [];
  forEachIndex(rest, (index) => {
    const start = index.reduce((sum, i, k) => sum + i * strides[k]!, 0);
    lines.push(Array.from({ length: shape[axis]! }, (_, i) => start + i * strides[axis]!));
  });
  return { lines, rest };
}

/** Groups of element numbers that share their place outside of the axes, and the shape with these axes at size 1. */
export function groupsOver(
  shape: readonly number[],
  axes: readonly number[],
): { groups: number[][]; rest: number[] } {
  const rest = shape.map((size, k) => (axes.includes(k) ? 1 : size));
  const inner = shape.map((size, k) => (axes.includes(k) ? size : 1));
  const strides = stridesOf(shape);
  const place = (index: readonly number[]) => index.reduce((sum, i, k) => sum + i * strides[k]!, 0);
  const offsets: number[] = [];
  forEachIndex(inner, (index) => offsets.push(place(index)));
  const groups: number[][] = [];
  forEachIndex(rest, (index) => {
    const start = place(index);
    groups.push(offsets.map((offset) => start + offset));
  });
  return { groups, rest };
}
