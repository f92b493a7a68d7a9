import { PgscoreError } from '../../errors.ts';
import { type LinearLeaves, type Splits, SplitTest, type Tree, ZERO_THRESHOLD } from '../../ir/model.ts';
import type { LightgbmFile, LightgbmTree, LinearColumns } from './scan.ts';

/**
 * Bits of decision_type. Source: include/LightGBM/tree.h. Bits 2 and 3 hold the missing type: 0 none (NaN counts as
 * 0), 1 zero (numbers near zero and NaN go the default way), 2 NaN (NaN goes the default way).
 */
const CATEGORICAL = 1;
const DEFAULT_LEFT = 2;
const NUMERIC_TESTS = [
  [SplitTest.nanIsZero, SplitTest.nanIsZero],
  [SplitTest.zeroRight, SplitTest.zeroLeft],
  [SplitTest.nanRight, SplitTest.nanLeft],
] as const;

/** Category sets are written out as numbers; past this many in a file they would not fit into memory. */
const MAX_SET_MEMBERS = 16_000_000;

/** Shared, so that a million trees of one leaf stay small. */
const NO_SPLITS: Splits = { feature: [], test: [], threshold: [], left: [], right: [], sets: [] };

const BELOW_ZERO_RANGE = nextBelow(-ZERO_THRESHOLD);

/** Trees in the file's order; `inputOf[f]` is the ensemble's input that holds feature f. */
export function lowerTrees(file: LightgbmFile, inputOf: ReadonlyMap<number, number>): Tree[] {
  const budget = { members: MAX_SET_MEMBERS };
  return file.trees.map((tree, index) => {
    const where = `${file.name}: tree ${index} (line ${tree.line})`;
    const lowered = {
      output: index % file.treesPerIteration,
      weight: 1,
      splits: lowerSplits(tree, inputOf, budget, where),
      leaves: orderedLeaves(tree.leafValue, where),
    };
    return tree.linear === null ? lowered : { ...lowered, linear: lowerLinear(tree.linear, inputOf, where) };
  });
}

/** The features that any tree reads, ascending. @throws PgscoreError PGS_FILE when one is no feature of the model. */
export function usedFeatures(file: LightgbmFile): readonly number[] {
  const used = new Set<number>();
  const count = file.featureNames.length;
  file.trees.forEach((tree, index) => {
    for (const feature of [tree.splitFeature, tree.linear?.features ?? []].flat()) {
      if (feature < 0 || feature >= count) {
        fail(`${file.name}: tree ${index} (line ${tree.line})`, `reads feature ${feature} of ${count}`);
      }
      used.add(feature);
    }
  });
  return [...used].sort((a, b) => a - b);
}

function fail(where: string, problem: string): never {
  throw new PgscoreError('PGS_FILE', `${where} ${problem}.`, {
    hint: 'The file is damaged: save the model again.',
  });
}

function lowerSplits(
  tree: LightgbmTree,
  inputOf: ReadonlyMap<number, number>,
  budget: { members: number },
  where: string,
): Splits {
  if (tree.splitFeature.length === 0) return NO_SPLITS;
  return {
    feature: tree.splitFeature.map((feature) => inputOf.get(feature)!),
    test: tree.decisionType.map((type, i) => splitTest(type, i, where)),
    threshold: tree.threshold.map((threshold, i) => {
      const categorical = (tree.decisionType[i]! & CATEGORICAL) !== 0;
      return categorical ? setIndex(threshold, i, tree, where) : effectiveThreshold(threshold, i, where);
    }),
    left: tree.leftChild,
    right: tree.rightChild,
    sets: lowerSets(tree, budget, where),
  };
}

function splitTest(type: number, split: number, where: string): SplitTest {
  const missing = type >> 2;
  if (type < 0 || missing >= NUMERIC_TESTS.length) fail(where, `has decision_type ${type} at split ${split}`);
  // NaN is in no category set, whatever the missing type is.
  if ((type & CATEGORICAL) !== 0) return SplitTest.setNanRight;
  return NUMERIC_TESTS[missing]![(type & DEFAULT_LEFT) === 0 ? 0 : 1];
}

function setIndex(threshold: number, split: number, tree: LightgbmTree, where: string): number {
  const sets = tree.catBoundaries.length - 1;
  if (Number.isInteger(threshold) && threshold >= 0 && threshold < sets) return threshold;
  return fail(where, `names category set ${threshold} at split ${split}, but has ${sets} sets`);
}

/**
 * LightGBM takes a number near zero for 0 before any test, when it reads the row. So a threshold within that range
 * moves to the range's end: what lies between is tested as 0 is.
 */
function effectiveThreshold(threshold: number, split: number, where: string): number {
  if (Number.isNaN(threshold)) fail(where, `has threshold NaN at split ${split}`);
  if (Math.abs(threshold) > ZERO_THRESHOLD) return threshold;
  return threshold >= 0 ? ZERO_THRESHOLD : BELOW_ZERO_RANGE;
}

/** The greatest float64 below a negative number. */
function nextBelow(negative: number): number {
  const value = new Float64Array([negative]);
  const bits = new BigUint64Array(value.buffer);
  bits[0] = bits[0]! + 1n;
  return value[0]!;
}

function lowerSets(tree: LightgbmTree, budget: { members: number }, where: string): number[][] {
  return tree.catBoundaries.slice(1).map((end, s) => {
    const set: number[] = [];
    const start = tree.catBoundaries[s]!;
    for (let word = start; word < end; word++)
      appendMembers(set, tree.catThreshold[word]!, (word - start) * 32, where);
    budget.members -= set.length;
    if (budget.members < 0) {
      throw new PgscoreError(
        'PGS_UNSUPPORTED',
        `${where}: category sets with more than ${MAX_SET_MEMBERS} members.`,
        {
          hint: 'Train with fewer categories: this many would not fit into a database session.',
        },
      );
    }
    return set;
  });
}

function appendMembers(set: number[], word: number, first: number, where: string): void {
  if (word < 0 || word >= 2 ** 32) fail(where, `has ${word} in cat_threshold, which is no 32-bit word`);
  for (let bit = 0; bit < 32; bit++) if (((word >>> bit) & 1) === 1) set.push(first + bit);
}

function orderedLeaves(values: readonly number[], where: string): readonly number[] {
  const leaf = values.findIndex(Number.isNaN);
  if (leaf === -1) return values;
  // LightGBM writes it when training overflows, mostly with linear trees on great numbers.
  throw new PgscoreError('PGS_UNSUPPORTED', `${where} has NaN for leaf ${leaf}.`, {
    hint: 'Bring the features to a common scale, or train without linear_tree.',
  });
}

function lowerLinear(
  linear: LinearColumns,
  inputOf: ReadonlyMap<number, number>,
  where: string,
): LinearLeaves {
  const features: number[][] = [];
  const coefficients: number[][] = [];
  let from = 0;
  for (const count of linear.featureCounts) {
    const to = from + Math.max(count, 0);
    features.push(linear.features.slice(from, to).map((feature) => inputOf.get(feature)!));
    coefficients.push([...orderedLeaves(linear.coefficients.slice(from, to), where)]);
    from = to;
  }
  return { constant: orderedLeaves(linear.constant, where), features, coefficients };
}
