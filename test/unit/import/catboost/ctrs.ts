import { combineHash } from '../../../../src/import/catboost/hash.ts';

/** A target statistic with its table, in CatBoost's layout. */
export interface CtrSpec {
  readonly type: string;
  /** Categorical features, by index. */
  readonly of: readonly number[];
  /** A test x > border on float feature 0 that is part of the combination. */
  readonly border?: number;
  /** A one-hot test on a categorical feature that is part of the combination. */
  readonly value?: { readonly feature: number; readonly hash: number };
  readonly prior?: number;
  readonly denominator?: number;
  readonly shift?: number;
  readonly scale?: number;
  readonly target?: number;
  readonly borders: readonly number[];
  /** The parts that are hashed (categories' hashes, then 1 or 0), and their counts. */
  readonly rows: readonly (readonly [parts: readonly number[], counts: readonly number[]])[];
  readonly total?: number;
}

/** What goes into `features_info.ctrs` and `ctr_data`. */
export function ctrsOf(specs: readonly CtrSpec[]): {
  readonly ctrs: readonly unknown[];
  readonly tables: Record<string, unknown>;
} {
  return {
    ctrs: specs.map((spec) => ({
      borders: spec.borders,
      ctr_type: spec.type,
      elements: elementsOf(spec),
      identifier: identifierOf(spec),
      prior_denomerator: spec.denominator ?? 1,
      prior_numerator: spec.prior ?? 0,
      scale: spec.scale ?? 1,
      shift: spec.shift ?? 0,
      target_border_idx: spec.target ?? 0,
    })),
    tables: Object.fromEntries(specs.map((spec) => [identifierOf(spec), tableOf(spec)])),
  };
}

function elementsOf({ of, border, value }: CtrSpec): unknown[] {
  return [
    ...of.map((index) => ({ cat_feature_index: index, combination_element: 'cat_feature_value' })),
    ...(border === undefined
      ? []
      : [{ border, combination_element: 'float_feature', float_feature_index: 0 }]),
    ...(value === undefined
      ? []
      : [
          {
            cat_feature_index: value.feature,
            combination_element: 'cat_feature_exact_value',
            value: value.hash,
          },
        ]),
  ];
}

function identifierOf(spec: CtrSpec): string {
  return JSON.stringify({ identifier: elementsOf(spec), type: spec.type });
}

function tableOf({ rows, total }: CtrSpec): unknown {
  return {
    counter_denominator: total ?? 0,
    hash_map: rows.flatMap(([parts, counts]) => [
      String(parts.reduce((hash, part) => combineHash(hash, part | 0), 0n)),
      ...counts,
    ]),
    hash_stride: 1 + (rows[0]?.[1].length ?? 1),
  };
}
