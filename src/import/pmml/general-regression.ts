import type { Register } from '../../ir/model.ts';
import { coxHazard } from './cox.ts';
import type { Element } from './element.ts';
import { inverseLink, type Link } from './links.ts';
import type { ModelContext } from './model-context.ts';
import { parameterValues } from './parameters.ts';
import { differences } from './regression.ts';
import { mostProbable, type Result } from './result.ts';

const TYPES = [
  'regression',
  'generalLinear',
  'multinomialLogistic',
  'ordinalMultinomial',
  'generalizedLinear',
  'CoxRegression',
] as const;

/** https://dmg.org/pmml/v4-4-1/GeneralRegression.html */
export function lowerGeneral(model: Element, context: ModelContext): Result {
  model.allow(
    ...context.commonParts,
    'ParameterList',
    'FactorList',
    'CovariateList',
    'PPMatrix',
    'PCovMatrix',
    'ParamMatrix',
    'EventValues',
    'BaseCumHazardTables',
  );
  const type = model.choice('modelType', TYPES);
  const cells = model.required('ParamMatrix').all('PCell');
  if (type === 'CoxRegression') {
    const value = coxHazard(model, cells, dotProduct(model, cells, undefined, context), context);
    return { kind: 'regression', value, task: 'survival' };
  }
  if (context.function !== 'classification') {
    const value = dotProduct(model, cells, undefined, context);
    switch (type) {
      case 'regression':
      case 'generalLinear':
        return { kind: 'regression', value };
      case 'generalizedLinear':
        return { kind: 'regression', value: times(model, linked(model, value, context), context) };
      default:
        return model.fail(`is a ${type} that predicts a number`);
    }
  }
  const categories = categoriesOf(model, cells, context);
  const probabilities = classProbabilities(model, type, cells, categories, context);
  return mostProbable(categories, probabilities, context.lowering);
}

/** The classes, the reference class last: the one that the file says is it, or that alone has no parameters. */
function categoriesOf(
  model: Element,
  cells: readonly Element[],
  { labels }: ModelContext,
): readonly string[] {
  const named = new Set(cells.flatMap(({ attributes }) => attributes.targetCategory ?? []));
  const given = model.attributes.targetReferenceCategory;
  const all = [...new Set([...(labels ?? named), ...(given === undefined ? [] : [given])])];
  if (all.length < 2) model.fail('does not name its classes');
  const without = all.filter((label) => !named.has(label));
  const reference = given ?? (without.length === 1 ? without[0] : undefined);
  return reference === undefined ? all : [...all.filter((label) => label !== reference), reference];
}

function classProbabilities(
  model: Element,
  type: (typeof TYPES)[number],
  cells: readonly Element[],
  categories: readonly string[],
  context: ModelContext,
): Register[] {
  const { lowering } = context;
  const { b } = lowering;
  const scored = categories.slice(0, -1);
  switch (type) {
    case 'generalizedLinear': {
      if (scored.length !== 1) model.refuse('links more than two classes');
      const first = linked(
        model,
        dotProduct(model, cellsOf(cells, scored[0]!, true), scored[0], context),
        context,
      );
      return [first, b.map([first], { name: 'subtract', by: [1] }, { name: 'negate' })[0]!];
    }
    case 'multinomialLogistic': {
      const scores = scored.map((category) => {
        const own = cellsOf(cells, category, scored.length === 1);
        if (own.length === 0) model.fail(`has no parameters for the class ${JSON.stringify(category)}`);
        return dotProduct(model, own, category, context);
      });
      return b.link([...scores, lowering.constant(0)], { name: 'softmax' });
    }
    case 'ordinalMultinomial': {
      const shared = cells.filter((cell) => !cell.has('targetCategory'));
      const link = model.choice('cumulativeLink', ['logit', 'probit', 'cloglog', 'loglog', 'cauchit']);
      const sums = scored.map((category) => {
        const own = [...shared, ...cells.filter((cell) => cell.attributes.targetCategory === category)];
        const value = withOffset(model, dotProduct(model, own, category, context), context);
        return inverseLink(link, value, lowering);
      });
      return differences(sums, context);
    }
    default:
      return model.fail(`is a ${type} that predicts a class`);
  }
}

/** The cells of a class; those of no class where there are two classes only. */
function cellsOf(cells: readonly Element[], category: string, orShared: boolean): readonly Element[] {
  const own = cells.filter((cell) => cell.attributes.targetCategory === category);
  return own.length === 0 && orShared ? cells.filter((cell) => !cell.has('targetCategory')) : own;
}

/** Σ beta * parameter. */
function dotProduct(
  model: Element,
  cells: readonly Element[],
  category: string | undefined,
  context: ModelContext,
): Register {
  const values = parameterValues(model, category, context);
  const terms = cells.map((cell) => ({
    value: values(cell.string('parameterName')),
    beta: cell.number('beta'),
  }));
  const scored = terms.filter(({ value }) => value !== undefined);
  const bias = terms.reduce((sum, { value, beta }) => (value === undefined ? sum + beta : sum), 0);
  const inputs = scored.map(({ value }) => value!);
  return context.lowering.b.linear(inputs, [scored.map(({ beta }) => beta)], [bias])[0]!;
}

const SIMPLE_LINKS: readonly Link[] = ['identity', 'log', 'logc', 'logit', 'probit', 'cloglog', 'loglog'];

/** The inverse of the model's link function, over the value and its offset. */
function linked(model: Element, value: Register, context: ModelContext): Register {
  const { lowering } = context;
  const { b } = lowering;
  const shifted = withOffset(model, value, context);
  const link = model.choice('linkFunction', [...SIMPLE_LINKS, 'negbin', 'oddspower', 'power'] as const);
  switch (link) {
    case 'negbin': {
      const by = [model.number('distParameter')];
      return b.map(
        [shifted],
        { name: 'negate' },
        { name: 'exp' },
        { name: 'subtract', by: [1] },
        { name: 'multiply', by },
        { name: 'reciprocal' },
      )[0]!;
    }
    case 'oddspower': {
      const d = model.number('linkParameter');
      if (d === 0) return inverseLink('logit', shifted, lowering);
      return b.map(
        [shifted],
        { name: 'multiply', by: [d] },
        { name: 'add', by: [1] },
        { name: 'power', by: [-(1 / d)] },
        { name: 'add', by: [1] },
        { name: 'reciprocal' },
      )[0]!;
    }
    case 'power': {
      const d = model.number('linkParameter');
      return d === 0
        ? inverseLink('log', shifted, lowering)
        : b.map([shifted], { name: 'power', by: [1 / d] })[0]!;
    }
    default:
      return inverseLink(link, shifted, lowering);
  }
}

function withOffset(model: Element, value: Register, { lowering, scope }: ModelContext): Register {
  if (model.has('offsetVariable')) {
    const offset = lowering.register(scope.resolve(model.string('offsetVariable'), model), model);
    return lowering.b.combine('add', [value], [offset])[0]!;
  }
  const offset = model.number('offsetValue', 0);
  return offset === 0 ? value : lowering.b.map([value], { name: 'add', by: [offset] })[0]!;
}

/** A proportion times the number of trials. */
function times(model: Element, value: Register, { lowering, scope }: ModelContext): Register {
  if (model.has('trialsVariable')) {
    const trials = lowering.register(scope.resolve(model.string('trialsVariable'), model), model);
    return lowering.b.combine('multiply', [value], [trials])[0]!;
  }
  const trials = model.number('trialsValue', 1);
  return trials === 1 ? value : lowering.b.map([value], { name: 'multiply', by: [trials] })[0]!;
}
