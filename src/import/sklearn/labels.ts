import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';

/** LabelEncoder: the position of a text or number among the classes; any other is an error. */
export function labelEncoder(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const [column] = columns;
  if (column === undefined || columns.length !== 1) return estimator.refuse('takes one column');
  const classes = estimator.array('classes_').values();
  const nothing = { missing: Number.NaN, unknown: Number.NaN };
  const code = lowering.encode(
    column,
    classes,
    classes.map((_, i) => i),
    nothing,
    estimator,
  );
  lowering.guards.add(code);
  return lowering.columns([code], false);
}
