import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { inverseLink } from './links.ts';
import type { ModelContext } from './model-context.ts';
import { mostProbable, type Result } from './result.ts';
import { indicator } from './tables.ts';
import { toFloat32 } from './types.ts';

const METHODS = [
  'none',
  'simplemax',
  'softmax',
  'logit',
  'probit',
  'cloglog',
  'exp',
  'loglog',
  'cauchit',
] as const;
type Method = (typeof METHODS)[number];

/** https://dmg.org/pmml/v4-4-1/Regression.html */
export function lowerRegression(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'RegressionTable');
  const tables = model.all('RegressionTable');
  const method = model.choice('normalizationMethod', METHODS, 'none');
  if (model.attributes.modelType === 'logisticRegression' && !model.has('normalizationMethod')) {
    model.refuse('is a logisticRegression without a normalizationMethod', 'Export the model as PMML 4.4.');
  }
  if (context.function === 'regression') {
    if (tables.length !== 1) model.fail(`has ${tables.length} <RegressionTable>s for one number`);
    const value = tableValue(tables[0]!, context);
    return { kind: 'regression', value: normalized(value, method, model, context) };
  }
  if (tables.length < 2) model.fail('needs a <RegressionTable> for each class');
  const categories = tables.map((table) => table.string('targetCategory'));
  const values = tables.map((table) => tableValue(table, context));
  const isOrdinal = context.targetField?.optype === 'ordinal';
  const probabilities = isOrdinal
    ? cumulative(values, method, model, context)
    : values.length === 2
      ? binary(values, method, model, context)
      : multiple(values, method, model, context);
  return mostProbable(categories, probabilities, context.lowering);
}

function normalized(value: Register, method: Method, model: Element, context: ModelContext): Register {
  switch (method) {
    case 'none':
      return value;
    case 'simplemax':
      return model.fail('normalises one number by simplemax');
    case 'softmax':
      return inverseLink('logit', value, context.lowering, context.precision);
    case 'exp':
      return inverseLink('log', value, context.lowering, context.precision);
    default:
      return inverseLink(method, value, context.lowering, context.precision);
  }
}

/** The first class's probability by its table, the second's as the rest. */
function binary(
  values: readonly Register[],
  method: Method,
  model: Element,
  context: ModelContext,
): Register[] {
  if (method === 'simplemax' || method === 'softmax') return multiple(values, method, model, context);
  if (method === 'exp') model.fail('normalises two classes by exp');
  const first = normalized(values[0]!, method, model, context);
  return [first, rest([first], context)];
}

function rest(probabilities: readonly Register[], { lowering, precision }: ModelContext): Register {
  const { b } = lowering;
  const sum =
    probabilities.length === 1
      ? probabilities[0]!
      : b.add({ kind: 'reduce', operation: 'sum', inputs: probabilities, precision })[0]!;
  return b.add({
    kind: 'map',
    inputs: [sum],
    precision,
    operations: [{ name: 'subtract', by: [1] }, { name: 'negate' }],
  })[0]!;
}

function multiple(
  values: readonly Register[],
  method: Method,
  model: Element,
  context: ModelContext,
): Register[] {
  const { b } = context.lowering;
  const { precision } = context;
  switch (method) {
    case 'none': {
      const first = values.slice(0, -1);
      return [...first, rest(first, context)];
    }
    case 'softmax':
      return b.add({ kind: 'link', inputs: values, precision, function: { name: 'softmax' } });
    case 'simplemax':
      return shares(values, context);
    case 'logit':
      return shares(
        values.map((value) => inverseLink('logit', value, context.lowering, precision)),
        context,
      );
    default:
      return model.refuse(`normalises more than two classes by ${method}`);
  }
}

/** Each over the sum of all. */
export function shares(
  values: readonly Register[],
  { lowering: { b }, precision }: Pick<ModelContext, 'lowering' | 'precision'>,
): Register[] {
  const sum = b.add({ kind: 'reduce', operation: 'sum', inputs: values, precision });
  return b.add({ kind: 'combine', operation: 'divide', left: values, right: sum, precision });
}

/** Ordered classes: the inverse link gives the probability of a class or one before it. */
function cumulative(
  values: readonly Register[],
  method: Method,
  model: Element,
  context: ModelContext,
): Register[] {
  if (method === 'simplemax' || method === 'softmax' || method === 'exp') {
    model.fail(`normalises ordered classes by ${method}`);
  }
  const sums = values.slice(0, -1).map((value) => normalized(value, method, model, context));
  return differences(sums, context);
}

/** From the probability of each class or one before it, all but the last, to each class's own. */
export function differences(
  sums: readonly Register[],
  { lowering }: Pick<ModelContext, 'lowering'>,
): Register[] {
  const { b } = lowering;
  const inner = sums.slice(1).map((sum, i) => b.combine('subtract', [sum], [sums[i]!])[0]!);
  const last = b.map([sums.at(-1)!], { name: 'subtract', by: [1] }, { name: 'negate' })[0]!;
  return [sums[0]!, ...inner, last];
}

/** intercept + Σ coefficient * term. A missing number makes it NaN, a missing category adds nothing. */
function tableValue(table: Element, context: ModelContext): Register {
  table.allow('NumericPredictor', 'CategoricalPredictor', 'PredictorTerm');
  const { lowering, precision } = context;
  const terms = table.children.map((child) => ({
    register: termValue(child, context),
    coefficient: coefficient(child, 'coefficient', precision),
  }));
  return lowering.b.add({
    kind: 'linear',
    inputs: terms.map(({ register }) => register),
    inputPrecision: precision,
    accumulator: precision,
    weights: [terms.map((term) => term.coefficient)],
    bias: [table.has('intercept') ? coefficient(table, 'intercept', precision) : 0],
    missing: 'propagate',
  })[0]!;
}

export function coefficient(element: Element, name: string, precision: ModelContext['precision']): number {
  const number = element.number(name);
  return precision === 'float32' ? toFloat32(number, element.string(name).trim()) : number;
}

function termValue(term: Element, context: ModelContext): Register {
  const { scope, lowering } = context;
  const { b } = lowering;
  switch (term.name) {
    case 'NumericPredictor': {
      const register = lowering.register(scope.resolve(term.string('name'), term), term);
      const exponent = term.number('exponent', 1);
      return exponent === 1 ? register : b.map([register], { name: 'power', by: [exponent] })[0]!;
    }
    case 'CategoricalPredictor':
      return indicator(scope.resolve(term.string('name'), term), term.string('value'), 0, term, lowering);
    default: {
      const factors = term
        .all('FieldRef')
        .map((ref) => lowering.register(scope.resolve(ref.string('field'), ref), ref));
      if (factors.length === 0) term.fail('has no <FieldRef>');
      return factors.length === 1 ? factors[0]! : b.reduce('product', factors);
    }
  }
}
