import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Element } from './element.ts';
import { completeInstances, type Instances } from './instances.ts';
import { type Dimension, measure } from './measure.ts';
import { medianOf } from './middle.ts';
import type { ModelContext } from './model-context.ts';
import { missingWhere, type Ranking, type Result } from './result.ts';
import { scanTable } from './tables.ts';
import { parseConstant } from './types.ts';
import { knownCode } from './values.ts';

/** https://dmg.org/pmml/v4-4-1/KNN.html */
export function lowerNeighbors(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'TrainingInstances', 'ComparisonMeasure', 'KNNInputs');
  const instances = model.required('TrainingInstances');
  const columns = new Map(
    instances
      .required('InstanceFields')
      .all('InstanceField')
      .map(
        (field) =>
          [
            field.string('field'),
            (field.attributes.column ?? field.string('field')).replace(/^.*:/, ''),
          ] as const,
      ),
  );
  const rows = scanTable(instances);
  const k = model.number('numberOfNeighbors');
  if (!Number.isInteger(k) || k < 1 || k > rows.length)
    model.fail(`cannot find ${k} neighbours among ${rows.length} instances`);
  const { lowering } = context;
  const inputs = model.required('KNNInputs').all('KNNInput');
  const known = completeInstances(model, inputs, { columns, rows }, context);
  const dimensions = inputs.map((input) => dimension(input, known, context));
  const { scores, nearest } = measure(model, dimensions, undefined, lowering);
  const target = context.targetField?.name;
  const column = target === undefined ? undefined : columns.get(target);
  if (column === undefined) model.refuse('has no target among its instances');
  const ranked = nearest === 'argmin' ? scores : lowering.b.unary(scores, 'negate');
  const found = lowering.b.add({ kind: 'nearest', inputs: ranked, k });
  const values = rows.map((row) => row.get(column!) ?? instances.fail('has a row without a target'));
  const neighbors: Neighbors = {
    positions: found.slice(0, k),
    distances: found.slice(k),
    guard: scores[0]!,
  };
  const result =
    context.function === 'classification' || context.targetField?.optype === 'categorical'
      ? vote(model, neighbors, values, context)
      : average(model, neighbors, values, context);
  return {
    ...result,
    entities: once(() => nearestInstances(model, neighbors, columns, rows, nearest, lowering)),
  };
}

/** The nearest instances by their ids, or by their numbers from 1. */
function nearestInstances(
  model: Element,
  { positions, distances, guard }: Neighbors,
  columns: Instances['columns'],
  rows: Instances['rows'],
  nearest: 'argmin' | 'argmax',
  lowering: ModelContext['lowering'],
): Ranking {
  const variable = model.attributes.instanceIdVariable;
  const names = rows.map((row, i) => {
    if (variable === undefined) return String(i + 1);
    return row.get(columns.get(variable) ?? '') ?? model.fail('has an instance without an id');
  });
  const places = positions.map((position) => missingWhere(position, guard, lowering));
  return {
    names,
    places,
    affinities: nearest === 'argmin' ? distances : lowering.b.unary(distances, 'negate'),
  };
}

interface Neighbors {
  readonly positions: readonly Register[];
  readonly distances: readonly Register[];
  /** NaN where no distance is known. */
  readonly guard: Register;
}

function dimension(
  input: Element,
  { columns, rows }: Instances,
  { scope, lowering }: ModelContext,
): Dimension {
  const name = input.string('field');
  const column = columns.get(name)!;
  const resolved = scope.resolve(name, input);
  const value = resolved.kind === 'text' ? resolved : lowering.asNumber(resolved, input);
  const points = rows.map((row) => {
    const text = row.get(column) ?? input.refuse('has no value in one of the instances');
    return value.kind === 'text' ? knownCode(value, text) : parseConstant(input, text, value.type);
  });
  return { element: input, value, points };
}

function average(
  model: Element,
  neighbors: Neighbors,
  texts: readonly string[],
  { lowering }: ModelContext,
): Result {
  const { b } = lowering;
  const method = model.choice('continuousScoringMethod', ['average', 'median', 'weightedAverage'], 'average');
  const numbers = texts.map((text) => [model.parse(text, 'a target')]);
  const inputs = neighbors.positions;
  const values = b.add({ kind: 'gather', inputs, rows: numbers, default: Number.NaN });
  const guarded = (value: Register): Result => ({
    kind: 'regression',
    value: missingWhere(value, neighbors.guard, lowering),
  });
  switch (method) {
    case 'average':
      return guarded(b.reduce('mean', values));
    case 'weightedAverage': {
      const weights = weightsOf(model, neighbors, lowering);
      const weighted = b.combine('multiply', values, weights);
      return guarded(b.combine('divide', [b.reduce('sum', weighted)], [b.reduce('sum', weights)])[0]!);
    }
    case 'median':
      return guarded(
        medianOf(
          values.map((value) => ({ value, counts: undefined, weight: 1 })),
          lowering,
        ),
      );
  }
}

/** 1 / (distance + threshold). */
function weightsOf(model: Element, { distances }: Neighbors, { b }: ModelContext['lowering']): Register[] {
  return b.map(distances, { name: 'add', by: [model.number('threshold', 0.001)] }, { name: 'reciprocal' });
}

/** Of equal votes, the class with the most instances wins, then the first by its text. */
function vote(model: Element, neighbors: Neighbors, texts: readonly string[], context: ModelContext): Result {
  const { lowering } = context;
  const { b } = lowering;
  const method = model.choice(
    'categoricalScoringMethod',
    ['majorityVote', 'weightedMajorityVote'],
    'majorityVote',
  );
  const labels = context.labels ?? [...new Set(texts)];
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  const order = [...counts.keys()].sort((x, y) => counts.get(y)! - counts.get(x)! || (x < y ? -1 : 1));
  const rows = texts.map((text) => order.map((label) => (label === text ? 1 : 0)));
  const cast = b.add({ kind: 'gather', inputs: neighbors.positions, rows, default: 0 });
  const weights = method === 'majorityVote' ? undefined : weightsOf(model, neighbors, lowering);
  const sums = order.map((_, label) => {
    const own = neighbors.positions.map((_, i) => cast[i * order.length + label]!);
    return b.reduce('sum', weights === undefined ? own : b.combine('multiply', own, weights));
  });
  const places = order.map((label) => labels.indexOf(label));
  if (places.includes(-1)) model.fail('has an instance of a class that is not declared');
  const predicted = lowering.gather(b.argmax(sums), places);
  return { kind: 'classification', labels, predicted: missingWhere(predicted, neighbors.guard, lowering) };
}
