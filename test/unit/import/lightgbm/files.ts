import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';

/** One tree's lines; `Tree=` and the empty line after it are added. */
export type TreeLines = Readonly<Record<string, string>>;

/** A tree of one leaf. */
export function leaf(value: string): TreeLines {
  return { num_leaves: '1', num_cat: '0', leaf_value: value, shrinkage: '1' };
}

/** A split of feature 0 into leaves -1 and 1; `lines` are over that. */
export function split(lines: TreeLines): TreeLines {
  return {
    num_leaves: '2',
    num_cat: '0',
    split_feature: '0',
    threshold: '0.5',
    decision_type: '8',
    left_child: '-1',
    right_child: '-2',
    leaf_value: '-1 1',
    is_linear: '0',
    shrinkage: '1',
    ...lines,
  };
}

export interface FileParts {
  /** Header lines over the usual ones; null leaves a line out, '' writes the key alone. */
  readonly header?: Readonly<Record<string, string | null>>;
  readonly trees?: readonly TreeLines[];
  /** What follows the trees. */
  readonly tail?: string;
}

/** A model text of LightGBM: a regression over features a and b unless said otherwise. */
export function modelText({ header = {}, trees = [split({})], tail = '' }: FileParts = {}): string {
  const lines = {
    version: 'v4',
    num_class: '1',
    num_tree_per_iteration: '1',
    label_index: '0',
    max_feature_idx: '1',
    objective: 'regression',
    feature_names: 'a b',
    feature_infos: '[0:1] [0:1]',
    ...header,
  };
  const head = Object.entries(lines).flatMap(([key, value]) =>
    value === null ? [] : [value === '' ? key : `${key}=${value}`],
  );
  const blocks = trees.map((tree, i) => {
    const columns = Object.entries(tree).map(([key, value]) => `${key}=${value}`);
    return `Tree=${i}\n${columns.join('\n')}\n\n\n`;
  });
  return `tree\n${head.join('\n')}\n\n${blocks.join('')}end of trees\n\n${tail}`;
}

export function importText(text: string, options?: ImportOptions): ImportedModel {
  return importModel({ name: 'model.txt', bytes: new TextEncoder().encode(text) }, options);
}

/** Imports the file and scores the row. */
export function predict(
  parts: FileParts,
  row: readonly (number | string | null)[],
  options?: ImportOptions,
): Prediction {
  return evaluate(importText(modelText(parts), options).model, row).prediction;
}
