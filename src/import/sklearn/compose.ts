import { NdArray, PyObject, type PyValue } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import type { Predictor } from './predictor.ts';
import { isPredictor, lowerPredictor, lowerTransformer } from './registry.ts';
import { ownNames } from './signature.ts';

/** (name, estimator) pairs; those that do nothing are left out. */
export function stepsOf(estimator: Estimator, attribute: string): readonly Estimator[] {
  return estimator.list(attribute).flatMap((value) => {
    const [name, step] = Array.isArray(value) ? value : [];
    if (step === null || step === 'passthrough' || step === 'drop') return [];
    return [estimator.asEstimator(step, `step ${JSON.stringify(name)}`)];
  });
}

/** Samplers of imbalanced-learn act in training only. */
function isSampler({ package: owner, name }: Estimator): boolean {
  return owner === 'imblearn' && name !== 'Pipeline';
}

export function pipeline(estimator: Estimator, columns: readonly Column[], lowering: Lowering): Predictor {
  const steps = stepsOf(estimator, 'steps');
  const last = steps.at(-1);
  if (last === undefined) return estimator.refuse('has no estimator at its end');
  return lowerPredictor(last, transformBy(steps.slice(0, -1), columns, lowering), lowering);
}

/** A pipeline whose last step transforms too. */
export function pipelineTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return transformBy(stepsOf(estimator, 'steps'), columns, lowering);
}

/** Pipelines in pipelines: real ones have a few. */
const MAX_PIPELINES = 40;

/** Whether predict() is what the pipeline is for. */
export function endsInPredictor(estimator: Estimator): boolean {
  let current: Estimator | undefined = estimator;
  for (let level = 0; level < MAX_PIPELINES; level++) {
    if (current.name !== 'Pipeline') return isPredictor(current);
    const [, last] = [current.list('steps').at(-1) ?? []].flat();
    if (last === null || last === 'passthrough') return false;
    current = stepsOf(current, 'steps').at(-1);
    if (current === undefined) return false;
  }
  return estimator.refuse('the model nests more estimators than any that is trained');
}

function transformBy(
  steps: readonly Estimator[],
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return steps
    .filter((step) => !isSampler(step))
    .reduce((current, step) => lowerTransformer(step, current, lowering), columns);
}

/** Each transformer on columns of its own; results side by side. */
export function columnTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  return estimator.list('transformers_').flatMap((value) => {
    const [name, transformer, chosen] = Array.isArray(value) ? value : [];
    if (transformer === 'drop') return [];
    const selected = selectColumns(chosen, columns, estimator, lowering);
    if (selected.length === 0 || transformer === 'passthrough') return selected;
    const part = estimator.asEstimator(transformer, `transformer ${JSON.stringify(name)}`);
    return lowerTransformer(part, selected, lowering);
  });
}

/** Columns by position, name, mask, slice, or lists of these. */
function selectColumns(
  chosen: PyValue | undefined,
  columns: readonly Column[],
  estimator: Estimator,
  lowering: Lowering,
): readonly Column[] {
  // 1.5 and 1.6 keep the remainder's columns in a class of their own, a list with attributes.
  const spec = chosen instanceof PyObject ? (chosen.attribute('data') ?? chosen) : chosen;
  if (spec instanceof PyObject && spec.type.path === 'builtins.slice') {
    return selectSlice(spec.args, columns, estimator, lowering);
  }
  const list = spec instanceof NdArray ? spec.values() : Array.isArray(spec) ? spec : [spec ?? null];
  if (list.length > 0 && list.every((value) => typeof value === 'boolean')) {
    if (list.length !== columns.length)
      estimator.fail(`selects by a mask of ${list.length} for ${columns.length} columns`);
    return columns.filter((_, i) => list[i]);
  }
  return list.map((value) => columns[positionOf(value, columns, estimator, lowering)]!);
}

function positionOf(
  value: PyValue,
  columns: readonly Column[],
  estimator: Estimator,
  lowering: Lowering,
): number {
  if (typeof value === 'number' && Number.isInteger(value)) {
    const position = value < 0 ? value + columns.length : value;
    return position in columns ? position : estimator.fail(`selects column ${value} of ${columns.length}`);
  }
  if (typeof value !== 'string')
    return estimator.refuse('selects columns by something other than position, name or mask');
  // What another step made has names where it gave a table, and this one remembers them.
  const names = ownNames(estimator.object);
  const position =
    names?.length === columns.length
      ? names.indexOf(value)
      : columns.findIndex(
          (column) => column.kind === 'feature' && lowering.features.name(column.feature) === value,
        );
  if (position !== -1) return position;
  return estimator.refuse(
    `selects column ${JSON.stringify(value)} by name, which is no column of the table`,
    'Select columns of an inner ColumnTransformer by position.',
  );
}

/** slice(start, stop, step) of positions, or of names with the last one included. */
function selectSlice(
  args: readonly PyValue[],
  columns: readonly Column[],
  estimator: Estimator,
  lowering: Lowering,
): readonly Column[] {
  const [start, stop, step] = args;
  if ((step ?? 1) !== 1) return estimator.refuse('selects columns by a slice with a step');
  const names = typeof start === 'string' || typeof stop === 'string';
  const at = (value: PyValue | undefined, otherwise: number): number =>
    (value ?? null) === null
      ? otherwise
      : names
        ? positionOf(value!, columns, estimator, lowering)
        : Number(value);
  const end = at(stop, columns.length);
  return columns.slice(at(start, 0), names && (stop ?? null) !== null ? end + 1 : end);
}

/** All transformers on the same columns; results side by side, each times its weight. */
export function featureUnion(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const weights = estimator.get('transformer_weights');
  return estimator.list('transformer_list').flatMap((value) => {
    const [name, transformer] = Array.isArray(value) ? value : [];
    if (transformer === 'drop' || transformer === null) return [];
    if (transformer === 'passthrough') return columns;
    const part = estimator.asEstimator(transformer, `transformer ${JSON.stringify(name)}`);
    const result = lowerTransformer(part, columns, lowering);
    const weight = weights instanceof Map ? weights.get(name ?? null) : undefined;
    if (typeof weight !== 'number') return result;
    const numbers = lowering.numbers(result, part);
    const scaled = lowering.builder.map(
      numbers.map(({ register }) => register),
      { name: 'multiply', by: [weight] },
    );
    return scaled.map((register, i): Column => ({ ...numbers[i]!, register }));
  });
}
