import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Element } from './element.ts';
import { cast, expressionIn, lowerExpression } from './expressions.ts';
import { labelPosition } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import { lowerPoisson } from './poisson.ts';
import { mostProbable, type Result } from './result.ts';
import { dataTypeOf } from './scan.ts';
import { parseConstant } from './types.ts';
import { knownCode, type NumberValue, type TextValue, type Value } from './values.ts';

/** https://dmg.org/pmml/v4-4-1/NaiveBayes.html, in logarithms. */
export function lowerBayes(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'BayesInputs', 'BayesOutput');
  const { b } = context.lowering;
  const counts = model.required('BayesOutput').required('TargetValueCounts').all('TargetValueCount');
  const labels = context.labels ?? counts.map((count) => count.string('value'));
  const threshold = model.number('threshold');
  const priors = countsOf(counts, labels);
  let sums = priors.map((prior) => context.lowering.constant(Math.log(prior)));
  for (const input of model.required('BayesInputs').all('BayesInput')) {
    const terms = lowerInput(input, labels, threshold, context);
    sums = b.combine('add', sums, terms);
  }
  const probabilities = b.link(sums, { name: 'softmax' });
  return mostProbable(labels, probabilities, context.lowering);
}

/** One count a label, 0 for a label that is not there. */
function countsOf(elements: readonly Element[], labels: readonly string[]): number[] {
  const counts = labels.map(() => 0);
  for (const element of elements) {
    counts[labelPosition(element, labels, element.string('value'))] = element.number('count');
  }
  return counts;
}

/** The logarithm of the likelihood for each label; 0 where the field is missing. */
function lowerInput(
  input: Element,
  labels: readonly string[],
  threshold: number,
  context: ModelContext,
): Register[] {
  input.allow('TargetValueStats', 'DerivedField', 'PairCounts');
  const { lowering, scope } = context;
  const value = scope.resolve(input.string('fieldName'), input);
  const stats = input.optional('TargetValueStats');
  if (stats !== undefined) {
    const register = lowering.register(value, input);
    const isPoisson = stats.children.some((stat) => stat.optional('PoissonDistribution') !== undefined);
    return isPoisson
      ? lowerPoisson(stats, labels, register, threshold, lowering)
      : continuous(stats, labels, register, threshold, context);
  }
  const derived = input.optional('DerivedField');
  const discrete =
    derived === undefined
      ? value
      : cast(lowerExpression(expressionIn(derived), scope), dataTypeOf(derived), derived, lowering);
  return counted(input, discrete, labels, threshold, context);
}

function counted(
  input: Element,
  value: Value,
  labels: readonly string[],
  threshold: number,
  { lowering }: ModelContext,
): Register[] {
  const pairs = input.all('PairCounts');
  if (value.kind === 'constant') return input.refuse('is a constant');
  const counts = pairs.map((pair) =>
    countsOf(pair.required('TargetValueCounts').all('TargetValueCount'), labels),
  );
  const sums = labels.map((_, k) => counts.reduce((sum, row) => sum + row[k]!, 0));
  const rows = counts.map((row) =>
    row.map((count, k) => Math.log(count === 0 ? threshold : count / sums[k]!)),
  );
  const { b } = lowering;
  const index = b.add({
    kind: 'lookup',
    inputs: [value.register],
    keys: pairs.map((pair) => keyOf(pair, value)),
    values: rows.map((_, i) => i),
    default: rows.length,
  });
  return b.add({ kind: 'gather', inputs: index, rows: [...rows, labels.map(() => 0)], default: 0 });
}

function keyOf(pair: Element, value: NumberValue | TextValue): number {
  const text = pair.string('value');
  return value.kind === 'text' ? knownCode(value, text) : parseConstant(pair, text, value.type);
}

/** Gaussian densities, never below the threshold; before PMML 4.2, as R has it, only never 0. */
function continuous(
  stats: Element,
  labels: readonly string[],
  register: Register,
  threshold: number,
  { lowering }: ModelContext,
): Register[] {
  const means: number[] = labels.map(() => Number.NaN);
  const variances: number[] = labels.map(() => Number.NaN);
  for (const stat of stats.all('TargetValueStat')) {
    const gaussian = stat.optional('GaussianDistribution') ?? stat.refuse('has no Gaussian distribution');
    const at = labelPosition(stat, labels, stat.string('value'));
    means[at] = gaussian.number('mean');
    variances[at] = gaussian.number('variance');
  }
  if (means.some(Number.isNaN)) stats.fail('has no distribution for one of the classes');
  const isOld = /^4\.[01]/.test(lowering.file.version);
  const floor: MapOperation = isOld
    ? { name: 'impute', missing: 0, by: [threshold] }
    : { name: 'max', by: [threshold] };
  return lowering.b.map(
    labels.map(() => register),
    { name: 'subtract', by: means },
    { name: 'square' },
    { name: 'divide', by: variances.map((variance) => -2 * variance) },
    { name: 'exp' },
    { name: 'divide', by: variances.map((variance) => Math.sqrt(2 * Math.PI * variance)) },
    floor,
    { name: 'log' },
    { name: 'impute', missing: Number.NaN, by: [0] },
  );
}
