import type { Round } from './rounding.ts';

type Numbers = ArrayLike<number>;

/** How many of the ascending numbers [from, to) are less than x; with `orEqual`, not greater. */
function countBelow(numbers: Numbers, from: number, to: number, x: number, orEqual: boolean): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    const number = numbers[middle]!;
    if (number < x || (orEqual && number === x)) low = middle + 1;
    else high = middle;
  }
  return low - from;
}

/** out[k] is the position of x[k] among its edges, which stand in [starts[k], starts[k + 1]). */
export function bin(
  x: Numbers,
  starts: Numbers,
  edges: Numbers,
  orEqual: boolean,
  missing: number,
  out: Float64Array,
): void {
  for (let k = 0; k < out.length; k++) {
    const value = x[k]!;
    out[k] = Number.isNaN(value) ? missing : countBelow(edges, starts[k]!, starts[k + 1]!, value, orEqual);
  }
}

/** Piecewise linear through the points [starts[k], starts[k + 1]) of input k. */
export function interpolate(
  inputs: Numbers,
  starts: Numbers,
  x: Numbers,
  y: Numbers,
  round: Round,
  out: Float64Array,
): void {
  for (let k = 0; k < out.length; k++) {
    const value = inputs[k]!;
    const first = starts[k]!;
    const end = starts[k + 1]!;
    const i = first + countBelow(x, first, end, value, true) - 1;
    if (Number.isNaN(value)) out[k] = value;
    else if (i < first) out[k] = y[first]!;
    else if (i === end - 1 || x[i] === value) out[k] = y[i]!;
    else {
      const slope = round(round(y[i + 1]! - y[i]!) / round(x[i + 1]! - x[i]!));
      out[k] = round(round(slope * round(value - x[i]!)) + y[i]!);
    }
  }
}

/** A function that looks numbers up; NaN may be a key. */
export function createLookup(keys: Numbers, values: Numbers, otherwise: number): (x: number) => number {
  const table = new Map<number, number>();
  for (let i = 0; i < keys.length; i++) table.set(keys[i]!, values[i]!);
  return (x) => table.get(x) ?? otherwise;
}

/** Writes the rows of a table that `indices` name, one after the other; `otherwise` for an index of no row. */
export function gatherRows(
  indices: Numbers,
  table: Numbers,
  length: number,
  otherwise: number,
  out: Float64Array,
): void {
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * length;
    const known = Number.isInteger(indices[i]!) && start >= 0 && start < table.length;
    for (let q = 0; q < length; q++) out[i * length + q] = known ? table[start + q]! : otherwise;
  }
}

/**
 * Indicators of categories: x[r] has the keys [starts[r], starts[r + 1]), and out holds 1 at its key's position, 0
 * elsewhere. Only what changed since the row before is written, so that a row costs a look-up an input.
 */
export function createOneHot(starts: Numbers, keys: Numbers, x: Numbers, out: Float64Array): () => void {
  const positions = Array.from({ length: starts.length - 1 }, (_, r) => {
    const ofKey = new Map<number, number>();
    for (let i = starts[r]!; i < starts[r + 1]!; i++) if (!Number.isNaN(keys[i]!)) ofKey.set(keys[i]!, i);
    return ofKey;
  });
  const hot = Int32Array.from(positions, (_, r) => starts[r]!);
  return () => {
    for (let r = 0; r < hot.length; r++) {
      out[hot[r]!] = 0;
      const position = positions[r]!.get(x[r]!);
      if (position === undefined) continue;
      out[position] = 1;
      hot[r] = position;
    }
  };
}
