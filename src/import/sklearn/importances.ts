import { NdArray, PyObject } from '../pickle/index.ts';
import type { Estimator } from './estimator.ts';

/** coef_ or feature_importances_, one number a column: of several rows of coefficients their norm of order `norm`. */
export function importances(estimator: Estimator, count: number, norm: number): readonly number[] {
  if (estimator.has('coef_')) return coefficientNorms(estimator, count, norm);
  if (estimator.has('tree_')) return treeImportances(estimator, count, true);
  if (estimator.has('estimators_')) return ensembleImportances(estimator, count);
  return estimator.refuse('has importances that pgscore does not read');
}

function coefficientNorms(estimator: Estimator, count: number, norm: number): readonly number[] {
  const rows = estimator.rows('coef_', count);
  if (rows.length === 1) return rows[0]!.map(Math.abs);
  return Array.from({ length: count }, (_, k) => {
    const sizes = rows.map((row) => Math.abs(row[k]!));
    if (norm === Infinity) return Math.max(...sizes);
    return sizes.reduce((sum, size) => sum + size ** norm, 0) ** (1 / norm);
  });
}

/** The mean over the trees that have a split; boosting takes the trees' sums before they are made to add up to 1. */
function ensembleImportances(estimator: Estimator, count: number): readonly number[] {
  const boosted = estimator.name.startsWith('GradientBoosting');
  const members = estimator
    .children('estimators_', 'tree')
    .filter((member) => member.has('tree_') || estimator.refuse('has importances that pgscore does not read'))
    .filter(hasSplits);
  const sums = new Array<number>(count).fill(0);
  for (const member of members) {
    treeImportances(member, count, !boosted).forEach((value, k) => {
      sums[k] = sums[k]! + value;
    });
  }
  const means = sums.map((sum) => sum / Math.max(members.length, 1));
  const total = means.reduce((a, b) => a + b, 0);
  return total === 0 ? means : means.map((value) => value / total);
}

function nodesOf(estimator: Estimator): NdArray {
  const tree = estimator.get('tree_');
  const nodes = tree instanceof PyObject ? tree.attribute('nodes') : undefined;
  return nodes instanceof NdArray ? nodes : estimator.fail('a tree has no nodes');
}

function hasSplits(estimator: Estimator): boolean {
  return nodesOf(estimator).length > 1;
}

/** How much each column lowers the impurity, by the weight of the samples. */
function treeImportances(estimator: Estimator, count: number, normalise: boolean): readonly number[] {
  const nodes = nodesOf(estimator);
  const column = (name: string) => nodes.field(name) ?? estimator.fail(`a tree has no column ${name}`);
  const [left, right, feature] = [column('left_child'), column('right_child'), column('feature')];
  const [impurity, weight] = [column('impurity'), column('weighted_n_node_samples')];
  const at = (node: number): number => weight[node]! * impurity[node]!;
  const sums = new Array<number>(count).fill(0);
  left.forEach((child, node) => {
    if (child === -1) return;
    const k = feature[node]!;
    if (!(k in sums)) estimator.fail(`a tree reads column ${k} of ${count}`);
    sums[k] = sums[k]! + at(node) - at(child) - at(right[node]!);
  });
  const scaled = sums.map((sum) => sum / weight[0]!);
  const total = scaled.reduce((a, b) => a + b, 0);
  return normalise && total > 0 ? scaled.map((value) => value / total) : scaled;
}
