import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Element } from './element.ts';
import { roundHalfUp } from './functions.ts';
import { labelPosition } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import type { ClassificationResult, Result } from './result.ts';

/**
 * A model's <Targets>: limits, then scaling, then rounding of numbers; a default where there is no prediction.
 * https://dmg.org/pmml/v4-4-1/Targets.html
 */
export function applyTargets(model: Element, result: Result, context: ModelContext): Result {
  const target = targetOf(model, context);
  if (target === undefined) return result;
  target.allow('TargetValue');
  switch (result.kind) {
    case 'regression':
      return { ...result, value: transformed(target, withDefault(target, result.value, context), context) };
    case 'classification':
      return withPriors(target, result, context);
    case 'clustering':
      return result;
  }
}

/** The <Target> of the field that a model predicts. */
export function targetOf(model: Element, { targetField }: ModelContext): Element | undefined {
  const all = model.optional('Targets')?.all('Target') ?? [];
  const name = targetField?.name;
  const own = all.filter(
    (target) => name === undefined || !target.has('field') || target.string('field') === name,
  );
  if (own.length > 1) own[1]!.refuse('is a second target', 'Export one model a target.');
  return own[0];
}

function transformed(target: Element, value: number, { lowering, precision }: ModelContext): number {
  const { b } = lowering;
  const operations: MapOperation[] = [];
  const min = target.optionalNumber('min');
  const max = target.optionalNumber('max');
  const factor = target.number('rescaleFactor', 1);
  const constant = target.number('rescaleConstant', 0);
  if (min !== undefined) operations.push({ name: 'max', by: [min] });
  if (max !== undefined) operations.push({ name: 'min', by: [max] });
  if (factor !== 1) operations.push({ name: 'multiply', by: [factor] });
  if (constant !== 0) operations.push({ name: 'add', by: [constant] });
  const scaled =
    operations.length === 0 ? value : b.add({ kind: 'map', inputs: [value], precision, operations })[0]!;
  if (!target.has('castInteger')) return scaled;
  switch (target.choice('castInteger', ['round', 'ceiling', 'floor'])) {
    case 'round':
      return roundHalfUp(scaled, lowering);
    case 'ceiling':
      return b.unary([scaled], 'ceil')[0]!;
    case 'floor':
      return b.unary([scaled], 'floor')[0]!;
  }
}

function withDefault(target: Element, value: number, { lowering }: ModelContext): number {
  const values = target.all('TargetValue').filter((each) => each.has('defaultValue'));
  if (values.length === 0) return value;
  if (values.length > 1) values[1]!.fail('gives a second default');
  const by = [values[0]!.number('defaultValue')];
  return lowering.b.map([value], { name: 'impute', missing: Number.NaN, by })[0]!;
}

/** Where there is no prediction, the classes' prior probabilities. */
function withPriors(
  target: Element,
  result: ClassificationResult,
  { lowering }: ModelContext,
): ClassificationResult {
  const values = target.all('TargetValue').filter((each) => each.has('priorProbability'));
  if (values.length === 0) return result;
  const { b } = lowering;
  const priors = result.labels.map(() => 0);
  for (const value of values) {
    priors[labelPosition(value, result.labels, value.string('value'))] = value.number('priorProbability');
  }
  const sum = priors.reduce((x, y) => x + y, 0);
  if (!(sum > 0)) target.fail('has prior probabilities that sum to nothing');
  const shares = priors.map((prior) => prior / sum);
  const best = shares.indexOf(Math.max(...shares));
  const missing = b.map([result.predicted], { name: 'is-nan' });
  const predicted = b.select(missing, [lowering.constant(best)], [result.predicted])[0]!;
  if (result.probabilities === undefined) return { ...result, predicted };
  const probabilities = b.select(
    missing,
    shares.map((share) => lowering.constant(share)),
    result.probabilities,
  );
  return { ...result, predicted, probabilities };
}
