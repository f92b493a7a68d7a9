import {
  arrayOf,
  type Fields,
  fieldsOf,
  isIndex,
  isOrdered,
  orderedNumbers,
  sameLength,
  show,
  type Violations,
} from './check.ts';
import { SplitTest } from './model.ts';

/** What a tree may refer to. */
export interface TreeContext {
  readonly inputs: number;
  readonly outputs: number;
}

type Columns = Readonly<Record<(typeof COLUMNS)[number], readonly unknown[]>>;

const COLUMNS = ['feature', 'test', 'threshold', 'left', 'right'] as const;
const MAX_CATEGORY = 2 ** 31 - 1;

/** Checks one tree: columns of equal length, references in range, every node reached exactly once. */
export function validateTree(value: unknown, context: TreeContext, path: string, out: Violations): void {
  const tree = fieldsOf(value, path, out);
  if (tree === undefined) return;
  const { output } = tree;
  if (output !== 'all' && !isIndex(output, 0, context.outputs)) {
    out.add(`${path}.output`, `Must be 'all' or an output below ${context.outputs}, but is ${show(output)}.`);
  }
  if (!isOrdered(tree.weight))
    out.add(`${path}.weight`, `Must be a number and not NaN, but is ${show(tree.weight)}.`);
  const splits = fieldsOf(tree.splits, `${path}.splits`, out);
  const columns = splits && validateColumns(splits, `${path}.splits`, out);
  if (splits === undefined || columns === undefined) return;
  const sets = validateSets(splits.sets, `${path}.splits.sets`, out);
  validateTests(columns, context.inputs, sets, `${path}.splits`, out);
  const leaves = columns.feature.length + 1;
  validateLeaves(tree, leaves, output === 'all' ? context.outputs : 1, path, out);
  if (tree.linear !== undefined) validateLinearLeaves(tree, leaves, context.inputs, path, out);
  validateShape(columns, `${path}.splits`, out);
}

/** The five columns, or undefined when one is missing or their lengths differ. */
function validateColumns(splits: Fields, path: string, out: Violations): Columns | undefined {
  const columns: Record<string, readonly unknown[]> = {};
  let sound = true;
  for (const name of COLUMNS) {
    const column = arrayOf(splits[name], `${path}.${name}`, out);
    if (column === undefined) sound = false;
    else columns[name] = column;
  }
  const length = columns.feature?.length ?? 0;
  for (const name of COLUMNS) {
    const column = columns[name];
    if (
      column !== undefined &&
      !sameLength(column, length, 'as many as in feature', `${path}.${name}`, out)
    ) {
      sound = false;
    }
  }
  return sound ? (columns as Columns) : undefined;
}

/** The number of sets. */
function validateSets(value: unknown, path: string, out: Violations): number {
  const sets = arrayOf(value, path, out);
  if (sets === undefined) return 0;
  for (let s = 0; s < sets.length && !out.full; s++) {
    const set = arrayOf(sets[s], `${path}[${s}]`, out) ?? [];
    let previous = -1;
    for (let i = 0; i < set.length && !out.full; i++) {
      const member = set[i];
      if (!isIndex(member, 0, MAX_CATEGORY + 1)) {
        out.add(
          `${path}[${s}][${i}]`,
          `Must be a whole number from 0 to ${MAX_CATEGORY}, but is ${show(member)}.`,
        );
      } else {
        if (member <= previous) {
          out.add(`${path}[${s}][${i}]`, `Must be greater than ${previous} before it, but is ${member}.`);
        }
        previous = member;
      }
    }
  }
  return sets.length;
}

function validateTests(columns: Columns, inputs: number, sets: number, path: string, out: Violations): void {
  for (let i = 0; i < columns.feature.length && !out.full; i++) {
    const feature = columns.feature[i];
    if (!isIndex(feature, 0, inputs)) {
      out.add(`${path}.feature[${i}]`, `Must be an input below ${inputs}, but is ${show(feature)}.`);
    }
    const test = columns.test[i];
    const threshold = columns.threshold[i];
    if (!isIndex(test, 0, SplitTest.setNanRight + 1)) {
      out.add(
        `${path}.test[${i}]`,
        `Must be a SplitTest (0 to ${SplitTest.setNanRight}), but is ${show(test)}.`,
      );
    } else if (test < SplitTest.setNanLeft) {
      if (!isOrdered(threshold)) {
        out.add(`${path}.threshold[${i}]`, `Must be a number and not NaN, but is ${show(threshold)}.`);
      }
    } else if (!isIndex(threshold, 0, sets)) {
      out.add(`${path}.threshold[${i}]`, `Must be a set below ${sets}, but is ${show(threshold)}.`);
    }
  }
}

function validateLeaves(tree: Fields, leaves: number, width: number, path: string, out: Violations): void {
  const values = arrayOf(tree.leaves, `${path}.leaves`, out);
  if (values === undefined) return;
  const what = width === 1 ? 'one more than splits' : `${width} outputs for one leaf more than splits`;
  sameLength(values, leaves * width, what, `${path}.leaves`, out);
  orderedNumbers(values, `${path}.leaves`, out);
}

function validateLinearLeaves(
  tree: Fields,
  leaves: number,
  inputs: number,
  path: string,
  out: Violations,
): void {
  if (tree.output === 'all') out.add(`${path}.linear`, "Must be absent when output is 'all'.");
  const linear = fieldsOf(tree.linear, `${path}.linear`, out);
  if (linear === undefined) return;
  const constant = arrayOf(linear.constant, `${path}.linear.constant`, out) ?? [];
  const features = arrayOf(linear.features, `${path}.linear.features`, out) ?? [];
  const coefficients = arrayOf(linear.coefficients, `${path}.linear.coefficients`, out) ?? [];
  sameLength(constant, leaves, 'one a leaf', `${path}.linear.constant`, out);
  sameLength(features, leaves, 'one a leaf', `${path}.linear.features`, out);
  sameLength(coefficients, leaves, 'one a leaf', `${path}.linear.coefficients`, out);
  orderedNumbers(constant, `${path}.linear.constant`, out);
  for (let j = 0; j < features.length && !out.full; j++) {
    const of = arrayOf(features[j], `${path}.linear.features[${j}]`, out) ?? [];
    const by = arrayOf(coefficients[j], `${path}.linear.coefficients[${j}]`, out) ?? [];
    sameLength(by, of.length, 'one a feature of the leaf', `${path}.linear.coefficients[${j}]`, out);
    orderedNumbers(by, `${path}.linear.coefficients[${j}]`, out);
    for (let i = 0; i < of.length; i++) {
      if (isIndex(of[i], 0, inputs)) continue;
      out.add(
        `${path}.linear.features[${j}][${i}]`,
        `Must be an input below ${inputs}, but is ${show(of[i])}.`,
      );
    }
  }
}

/**
 * With n splits there are 2n children and 2n nodes besides the root, so: in range, none reached twice, and all
 * reached from the root. Counting references alone would let a detached cycle pass.
 */
function validateShape(columns: Columns, path: string, out: Violations): void {
  const splits = columns.feature.length;
  if (splits === 0) return;
  const reached = new Uint8Array(2 * splits + 1);
  const stack = [0];
  reached[splits + 1] = 1;
  while (stack.length > 0 && !out.full) {
    const split = stack.pop()!;
    for (const side of ['left', 'right'] as const) {
      const child = columns[side][split];
      if (!isIndex(child, -splits - 1, splits)) {
        const range = `a split below ${splits} or a leaf down to ${-splits - 1}`;
        out.add(`${path}.${side}[${split}]`, `Must be ${range}, but is ${show(child)}.`);
      } else if (reached[child + splits + 1] === 1) {
        out.add(`${path}.${side}[${split}]`, `Reaches ${nodeName(child)} a second time.`);
      } else {
        reached[child + splits + 1] = 1;
        if (child >= 0) stack.push(child);
      }
    }
  }
  for (let i = 0; i < reached.length && !out.full; i++) {
    if (reached[i] === 0) out.add(path, `${nodeName(i - splits - 1)} is never reached from the root.`);
  }
}

function nodeName(child: number): string {
  return child >= 0 ? `split ${child}` : `leaf ${-1 - child}`;
}
