import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { ModelContext } from './model-context.ts';
import { scanNumbers } from './scan.ts';
import { indicator } from './tables.ts';

/**
 * A parameter's value in a row by its name: the product of its cells of the <PPMatrix>; undefined for one without cells,
 * which is 1. `category`: the class whose cells count, beside those of no class.
 */
export function parameterValues(
  model: Element,
  category: string | undefined,
  context: ModelContext,
): (parameter: string) => Register | undefined {
  const factors = predictorsOf(model, 'FactorList');
  const covariates = predictorsOf(model, 'CovariateList');
  const all = model.optional('PPMatrix')?.all('PPCell') ?? [];
  const own = all.filter((cell) => cell.attributes.targetCategory === category);
  const cells = own.length > 0 ? own : all.filter((cell) => !cell.has('targetCategory'));
  const byParameter = new Map<string, Element[]>();
  for (const cell of cells) {
    const name = cell.string('parameterName');
    byParameter.set(name, [...(byParameter.get(name) ?? []), cell]);
  }
  const cellValue = (cell: Element): Register => {
    const name = cell.string('predictorName');
    const factor = factors.get(name);
    if (factor !== undefined) return factorValue(cell, factor, context);
    if (!covariates.has(name)) cell.fail('is of no predictor that is listed');
    return covariateValue(cell, context);
  };
  return (parameter) => {
    const values = (byParameter.get(parameter) ?? []).map(cellValue);
    if (values.length <= 1) return values[0];
    return context.lowering.b.reduce('product', values);
  };
}

function predictorsOf(model: Element, list: string): ReadonlyMap<string, Element> {
  const predictors = model.optional(list)?.all('Predictor') ?? [];
  return new Map(predictors.map((predictor) => [predictor.string('name'), predictor] as const));
}

/** 1 where the field is the cell's category, else 0; or what the contrast matrix says of both. */
function factorValue(cell: Element, predictor: Element, { lowering, scope }: ModelContext): Register {
  const value = scope.resolve(cell.string('predictorName'), cell);
  const matrix = predictor.optional('Matrix');
  const category = cell.string('value');
  if (matrix === undefined) return indicator(value, category, Number.NaN, cell, lowering);
  const categories = predictor
    .required('Categories')
    .all('Category')
    .map((each) => each.string('value'));
  const column =
    categories.indexOf(category) === -1 ? cell.number('value') - 1 : categories.indexOf(category);
  const rows = matrix.all('Array').map(scanNumbers);
  const terms = categories.map((each, row) => {
    const weight = rows[row]?.[column] ?? matrix.fail('has no number for each category');
    return { weight, is: indicator(value, each, Number.NaN, cell, lowering) };
  });
  const weights = [terms.map(({ weight }) => weight)];
  return lowering.b.linear(
    terms.map(({ is }) => is),
    weights,
    [0],
  )[0]!;
}

/** The field to the power that the cell says. */
function covariateValue(cell: Element, { lowering, scope }: ModelContext): Register {
  const register = lowering.register(scope.resolve(cell.string('predictorName'), cell), cell);
  const power = cell.number('value', 1);
  return power === 1 ? register : lowering.b.map([register], { name: 'power', by: [power] })[0]!;
}
