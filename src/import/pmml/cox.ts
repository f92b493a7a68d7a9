import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { ModelContext } from './model-context.ts';
import { indicator } from './tables.ts';

/**
 * The cumulative hazard: that of the baseline at the row's time, times exp(score - score of the reference point). No
 * prediction past the last time or in an unknown stratum.
 */
export function coxHazard(
  model: Element,
  cells: readonly Element[],
  score: Register,
  context: ModelContext,
): Register {
  const { lowering, scope } = context;
  const { b } = lowering;
  const time = lowering.register(scope.resolve(model.string('endTimeVariable'), model), model);
  const tables = model.required('BaseCumHazardTables');
  const stratum = model.attributes.baselineStrataVariable;
  let baseline: Register;
  if (stratum === undefined) baseline = baselineHazard(tables, time, context);
  else {
    const value = scope.resolve(stratum, model);
    baseline = tables.all('BaselineStratum').reduce((rest, element) => {
      const isOwn = indicator(value, element.string('value'), 0, element, lowering);
      return b.select([isOwn], [baselineHazard(element, time, context)], [rest])[0]!;
    }, lowering.constant(Number.NaN));
  }
  const reference = referenceScore(model, cells);
  const [relative] = b.map([score], { name: 'subtract', by: [reference] }, { name: 'exp' });
  return b.combine('multiply', [relative!], [baseline])[0]!;
}

function referenceScore(model: Element, cells: readonly Element[]): number {
  const points = new Map(
    model
      .required('ParameterList')
      .all('Parameter')
      .map((parameter) => [parameter.string('name'), parameter.number('referencePoint', 0)] as const),
  );
  return cells.reduce((sum, cell) => {
    const point = points.get(cell.string('parameterName')) ?? cell.fail('is of no parameter that is listed');
    return sum + cell.number('beta') * point;
  }, 0);
}

/** A step function: 0 before the first time. */
function baselineHazard(table: Element, time: Register, { lowering: { b } }: ModelContext): Register {
  const cells = table
    .all('BaselineCell')
    .map((cell) => [cell.number('time'), cell.number('cumHazard')] as const)
    .sort(([a], [c]) => a - c);
  const edges = [cells.map(([at]) => at)];
  const step = b.add({ kind: 'bin', inputs: [time], edges, side: 'right', missing: Number.NaN })[0]!;
  const hazard = b.pick(step, [0, ...cells.map(([, hazard]) => hazard)]);
  const late = b.compare([time], '>', [table.number('maxTime')]);
  return b.select(late, [b.nothing()], [hazard])[0]!;
}
