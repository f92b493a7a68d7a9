import { corrupt } from './field.ts';
import type { CatboostFile, FloatFeature } from './scan.ts';
import type { CtrFeature } from './scan-ctrs.ts';
import type { BranchingNode, ScannedSplit } from './scan-trees.ts';

/** A binary test of a row, as splits number them. */
export type Test =
  | { readonly kind: 'float'; readonly feature: FloatFeature; readonly border: number }
  /** `feature` is the index among the categorical features. */
  | { readonly kind: 'value'; readonly feature: number; readonly value: number }
  | { readonly kind: 'ctr'; readonly ctr: CtrFeature; readonly border: number };

/**
 * All tests of the model: the borders of float features, then one-hot values, then the borders of target statistics.
 * https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/model.cpp
 */
export function testsOf(file: CatboostFile): readonly Test[] {
  return [
    ...file.floats.flatMap((feature) =>
      feature.borders.map((border): Test => ({ kind: 'float', feature, border })),
    ),
    ...file.categoricals.flatMap(({ index, values }) =>
      values.map((value): Test => ({ kind: 'value', feature: index, value })),
    ),
    ...file.ctrs.flatMap((ctr) => ctr.borders.map((border): Test => ({ kind: 'ctr', ctr, border }))),
  ];
}

/** The test that a split names; what the file says of it beside its number must agree. */
export function testOf(split: ScannedSplit, tests: readonly Test[], name: string): Test {
  const test = tests[split.test];
  const agrees =
    test !== undefined &&
    (test.kind === 'value'
      ? split.value === undefined || (split.value | 0) === test.value
      : split.value === undefined &&
        (split.border === undefined || Math.fround(split.border) === test.border));
  if (agrees) return test;
  throw corrupt(name, `${split.path} names test ${split.test}, which is not what the split says`);
}

/** The tests that trees make use of: target statistics that none tests need no tables. */
export function usedTests(file: CatboostFile, tests: readonly Test[], name: string): ReadonlySet<Test> {
  const used = new Set<Test>();
  const visit = (node: BranchingNode): void => {
    if ('leaf' in node) return;
    used.add(testOf(node.split, tests, name));
    visit(node.left);
    visit(node.right);
  };
  for (const tree of file.trees) {
    if (tree.kind === 'branching') visit(tree.root);
    else for (const split of tree.splits) used.add(testOf(split, tests, name));
  }
  return used;
}
