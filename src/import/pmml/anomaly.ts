import type { Element } from './element.ts';
import { lowerModel } from './model.ts';
import type { ModelContext } from './model-context.ts';
import { missingWhere, type Result } from './result.ts';
import { MODELS, scanNumbers } from './scan.ts';

/** Euler's constant as the specification rounds it. */
const EULER = 0.57721566;

/** https://dmg.org/pmml/v4-4-1/AnomalyDetectionModel.html */
export function lowerAnomaly(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, ...MODELS, 'MeanClusterDistances');
  const { lowering } = context;
  const { b } = lowering;
  const { result } = lowerModel(model.only(MODELS, 'model'), context.scope, false);
  const type = model.choice('algorithmType', ['iforest', 'ocsvm', 'clusterMeanDist', 'other']);
  if (type === 'clusterMeanDist') {
    if (result.kind !== 'clustering') return model.fail('holds no cluster model');
    const means = scanNumbers(model.required('MeanClusterDistances').required('Array'));
    if (means.length !== result.scores.length)
      model.fail('has another number of mean distances than of clusters');
    const ratios = b.map(result.scores, { name: 'divide', by: means });
    const own = ratios.reduce((rest, ratio, k) => {
      return b.select(b.compare([result.predicted], '==', [k]), [ratio], [rest])[0]!;
    });
    return { kind: 'regression', value: missingWhere(own, result.predicted, lowering), task: 'anomaly' };
  }
  if (result.kind !== 'regression') return model.refuse('holds a model that answers no number');
  if (type !== 'iforest') return { kind: 'regression', value: result.value, task: 'anomaly' };
  // 2^-(average path length / that of a failed search in a tree of the sample's size)
  const n = model.number('sampleDataSize');
  if (!(n > 2)) model.refuse(`has a sampleDataSize of ${n}`);
  const expected = 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;
  const [exponent] = b.map([result.value], { name: 'divide', by: [expected] }, { name: 'negate' });
  const value = b.combine('power', [lowering.constant(2)], [exponent!])[0]!;
  return { kind: 'regression', value, task: 'anomaly' };
}
