import { SplitTest } from '../ir/model.ts';
import type { PackedSets } from '../plv8/sets.ts';
import { packColumn } from './pack-columns.ts';

/** A category set with where a missing value goes. */
export interface SetColumn {
  readonly test: SplitTest;
  /** Ascending; members go left. */
  readonly set: readonly number[];
}

/** The table that `createSets` reads, for all sets that splits ask of one input. */
export function packSets(columns: readonly SetColumn[]): PackedSets {
  const rowBytes = Math.ceil(columns.length / 8);
  const inNoSet = new Uint8Array(rowBytes);
  const missing = new Uint8Array(rowBytes);
  columns.forEach(({ test }, c) => {
    setBit(inNoSet, c);
    if (test === SplitTest.setNanRight) setBit(missing, c);
  });
  const rows = [inNoSet, missing];
  const rowOf = new Map<string, number>();
  const membership = invert(columns);
  const categories = [...membership.keys()].sort((a, b) => a - b);
  const rowNumbers = categories.map((category) => {
    const members = membership.get(category)!;
    const key = members.join();
    let row = rowOf.get(key);
    if (row === undefined) {
      row = rows.length;
      rowOf.set(key, row);
      const bits = inNoSet.slice();
      for (const c of members) clearBit(bits, c);
      rows.push(bits);
    }
    return row;
  });
  return {
    sets: columns.length,
    categories: packColumn(categories),
    rows: packColumn(rowNumbers),
    bits: packColumn(concatenate(rows, rowBytes)),
  };
}

/** For each category the columns whose set holds it. */
function invert(columns: readonly SetColumn[]): Map<number, number[]> {
  const membership = new Map<number, number[]>();
  columns.forEach(({ set }, c) => {
    for (const category of set) {
      const list = membership.get(category);
      if (list === undefined) membership.set(category, [c]);
      else list.push(c);
    }
  });
  return membership;
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >> 3]! |= 1 << (at & 7);
}

function clearBit(bits: Uint8Array, at: number): void {
  bits[at >> 3]! &= ~(1 << (at & 7));
}

function concatenate(rows: readonly Uint8Array[], rowBytes: number): Uint8Array {
  const out = new Uint8Array(rows.length * rowBytes);
  rows.forEach((row, i) => {
    out.set(row, i * rowBytes);
  });
  return out;
}
