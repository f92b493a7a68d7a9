import { comparedByTable } from './comparisons.ts';
import type { Element } from './element.ts';
import { comparedBy, type Dimension, measure } from './measure.ts';
import type { ModelContext } from './model-context.ts';
import { type ClusteringResult, missingWhere } from './result.ts';
import { scanArray, scanNumbers } from './scan.ts';

/** https://dmg.org/pmml/v4-4-1/ClusteringModel.html */
export function lowerClustering(model: Element, context: ModelContext): ClusteringResult {
  model.allow(
    ...context.commonParts,
    'ComparisonMeasure',
    'ClusteringField',
    'MissingValueWeights',
    'Cluster',
    'CenterFields',
  );
  // PMML 3.2 took them out.
  model
    .optional('CenterFields')
    ?.refuse('derives the coordinates of the centres', 'Export the model as PMML 3.2 or later.');
  if (model.choice('modelClass', ['centerBased', 'distributionBased']) === 'distributionBased') {
    model.refuse(
      'is of the class distributionBased, for which the specification has no formula',
      'Export the model in another format, such as a mixture of scikit-learn.',
    );
  }
  const clusters = model.all('Cluster');
  if (clusters.length === 0) model.fail('has no <Cluster>');
  const centres = clusters.map((cluster) => scanArray(cluster.required('Array')));
  const fields = model.all('ClusteringField').filter((field) => field.boolean('isCenterField', true));
  centres.forEach((centre, i) => {
    if (centre.length !== fields.length)
      clusters[i]!.fail(`has ${centre.length} numbers for ${fields.length} fields`);
  });
  const { lowering, scope } = context;
  const comparison = model.required('ComparisonMeasure');
  const dimensions = fields.map((element, d): Dimension => {
    const value = scope.resolve(element.string('field'), element);
    const points = centres.map((centre) => centre[d]!);
    if (comparedBy(element, comparison) === 'table') return comparedByTable(element, value, points, context);
    const numbers = points.map((point, i) => clusters[i]!.parse(point, 'a coordinate'));
    return { element, value: lowering.asNumber(value, element), points: numbers };
  });
  const weights = model.optional('MissingValueWeights');
  const missingWeights = weights === undefined ? undefined : scanNumbers(weights.required('Array'));
  if (missingWeights !== undefined && missingWeights.length !== fields.length) {
    weights!.fail('has another number of weights than of fields');
  }
  const { scores, nearest } = measure(model, dimensions, missingWeights, lowering);
  const best = scores.length === 1 ? lowering.constant(0) : lowering.b.reduce(nearest, scores);
  const ids = clusters.map((cluster, i) => cluster.attributes.id ?? String(i + 1));
  if (new Set(ids).size !== ids.length) model.fail('has two clusters of the same id');
  return {
    kind: 'clustering',
    ids,
    labels: labelsOf(clusters, ids),
    names: clusters.map((cluster) => cluster.attributes.name),
    predicted: missingWhere(best, scores[0]!, lowering),
    scores,
    nearest,
  };
}

/** The ids, or the names where the file gives no ids, but a name of its own to each. */
function labelsOf(clusters: readonly Element[], ids: readonly string[]): readonly string[] {
  if (clusters.some((cluster) => cluster.has('id'))) return ids;
  const names = clusters.map((cluster, i) => cluster.attributes.name ?? ids[i]!);
  return new Set(names).size === names.length ? names : ids;
}
