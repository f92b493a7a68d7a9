import type { TreeEnsemble } from '../ir/model.ts';
import type { PackedSets } from '../plv8/sets.ts';
import { SlotKind, type SlotKindName } from '../plv8/slots.ts';
import { packSets, type SetColumn } from './pack-sets.ts';
import { isNumberTest, slotTest } from './split-slots.ts';

/** A slot that holds one input, with missing values put where its splits want them. */
export interface NumberSlot {
  /** Index into the ensemble's inputs. */
  readonly input: number;
  readonly kind: SlotKindName;
}

/** Slots first … first + packed.sets - 1 say, set by set, whether the input goes right. */
export interface SetSlots {
  readonly input: number;
  readonly first: number;
  readonly packed: PackedSets;
}

/** What the kernel's x holds, and what each split makes of it. */
export interface SlotPlan {
  /** Slot 0 is for the leaves, these follow from slot 1. */
  readonly numbers: readonly NumberSlot[];
  readonly sets: readonly SetSlots[];
  /** Slots in all. */
  readonly size: number;
  /** Per tree and split: right when x[slot] > threshold. */
  readonly trees: readonly TreeSlots[];
  /** The slot where a missing value of the input is NaN; only for inputs of linear leaves. */
  plainSlot(input: number): number;
}

export interface TreeSlots {
  readonly slots: Int32Array;
  readonly thresholds: Float64Array;
}

const KIND_NAMES = Object.keys(SlotKind) as SlotKindName[];

/** Chooses the slots of an ensemble: those that a split or a linear leaf reads, and no others. */
export function planSlots(ensemble: TreeEnsemble): SlotPlan {
  const numberKeys = new Set<number>();
  const sets = new Map<number, SetColumns>();
  // While slots are not yet numbered, a number slot stands as its key, the n-th set column as -1 - n.
  const columns: { input: number; index: number }[] = [];
  const trees = ensemble.trees.map((tree): TreeSlots => {
    const { feature, test, threshold } = tree.splits;
    const slots = new Int32Array(feature.length);
    const thresholds = new Float64Array(feature.length);
    for (let s = 0; s < feature.length; s++) {
      const kind = test[s]!;
      const input = feature[s]!;
      if (isNumberTest(kind)) {
        const split = slotTest(kind, threshold[s]!, ensemble);
        slots[s] = slotKey(input, split.kind);
        numberKeys.add(slots[s]!);
        thresholds[s] = split.threshold;
      } else {
        const index = columnsOf(sets, input).indexOf({ test: kind, set: tree.splits.sets[threshold[s]!]! });
        slots[s] = -1 - columns.length;
        columns.push({ input, index });
      }
    }
    for (const input of tree.linear?.features.flat() ?? []) numberKeys.add(slotKey(input, 'plain'));
    return { slots, thresholds };
  });
  const keys = [...numberKeys].sort((a, b) => a - b);
  const slotOfKey = new Map(keys.map((key, i) => [key, i + 1]));
  const setSlots = placeSets(sets, keys.length + 1);
  const firstOf = new Map(setSlots.map(({ input, first }) => [input, first]));
  for (const { slots } of trees) {
    for (let s = 0; s < slots.length; s++) {
      const column = columns[-1 - slots[s]!];
      slots[s] = column === undefined ? slotOfKey.get(slots[s]!)! : firstOf.get(column.input)! + column.index;
    }
  }
  return {
    numbers: keys.map(numberSlot),
    sets: setSlots,
    size: keys.length + 1 + setSlots.reduce((sum, { packed }) => sum + packed.sets, 0),
    trees,
    plainSlot: (input) => slotOfKey.get(slotKey(input, 'plain'))!,
  };
}

function slotKey(input: number, kind: SlotKindName): number {
  // Whatever the input, +Infinity is +Infinity.
  return (kind === 'always' ? 0 : input) * KIND_NAMES.length + SlotKind[kind];
}

function numberSlot(key: number): NumberSlot {
  return { input: Math.floor(key / KIND_NAMES.length), kind: KIND_NAMES[key % KIND_NAMES.length]! };
}

function placeSets(sets: ReadonlyMap<number, SetColumns>, first: number): SetSlots[] {
  let next = first;
  return [...sets].map(([input, { list }]) => {
    const packed = packSets(list);
    const slots = { input, first: next, packed };
    next += packed.sets;
    return slots;
  });
}

function columnsOf(sets: Map<number, SetColumns>, input: number): SetColumns {
  let columns = sets.get(input);
  if (columns === undefined) {
    columns = new SetColumns();
    sets.set(input, columns);
  }
  return columns;
}

/** The distinct sets that splits ask of one input. */
class SetColumns {
  readonly list: SetColumn[] = [];
  readonly #indices = new Map<string, number>();

  indexOf(column: SetColumn): number {
    const key = `${column.test} ${column.set.join()}`;
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    const index = this.list.length;
    this.#indices.set(key, index);
    this.list.push(column);
    return index;
  }
}
