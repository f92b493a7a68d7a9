import type { CtrFeature, CtrTable } from './scan-ctrs.ts';

const f32 = Math.fround;

/**
 * A target statistic's value for the counts of one combination, or for one that training never met (undefined), in
 * float32 as CatBoost computes it. https://github.com/catboost/catboost/blob/v1.2/catboost/libs/model/static_ctr_provider.cpp
 */
export function ctrValue(ctr: CtrFeature, table: CtrTable, counts: readonly number[] | undefined): number {
  const [good, total] = goodAndTotal(ctr, table, counts);
  const ratio = f32(f32(f32(good) + ctr.prior) / f32(f32(total) + ctr.denominator));
  return f32(f32(ratio + ctr.shift) * ctr.scale);
}

function goodAndTotal(
  { type, target }: CtrFeature,
  { denominator }: CtrTable,
  counts: readonly number[] | undefined,
): readonly [number, number] {
  switch (type) {
    case 'Counter':
    case 'FeatureFreq':
      return [counts?.[0] ?? 0, denominator];
    case 'BinarizedTargetMeanValue':
    case 'FloatTargetMeanValue':
      return counts === undefined ? [0, 0] : [counts[0]!, counts[1]!];
    case 'Buckets':
      return counts === undefined ? [0, 0] : [counts[target]!, sum(counts)];
    case 'Borders': {
      if (counts === undefined) return [0, 0];
      // With two classes, CatBoost does not look at the border.
      const first = counts.length > 2 ? target + 1 : 1;
      return [sum(counts.slice(first)), sum(counts)];
    }
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}

/** Whether the table's rows are as wide as the statistic needs. */
export function fitsTable({ type, target }: CtrFeature, { width }: CtrTable): boolean {
  switch (type) {
    case 'Counter':
    case 'FeatureFreq':
      return width === 1;
    case 'BinarizedTargetMeanValue':
    case 'FloatTargetMeanValue':
      return width === 2;
    case 'Buckets':
      return target < width;
    case 'Borders':
      return width >= 2 && (width === 2 || target < width);
  }
}
