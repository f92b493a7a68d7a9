import { once } from '../once.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import type { Detector } from './predictor.ts';

/** The negated Mahalanobis distance to the centre of the data, squared. */
export function ellipticEnvelope(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Detector {
  const b = lowering.builder;
  const scores = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    if (!estimator.has('precision_'))
      return estimator.refuse('keeps no precision matrix', 'Fit it with store_precision=True.');
    const rows = estimator.rows('precision_', inputs.length);
    const away = b.map(inputs, { name: 'subtract', by: estimator.numbers('location_', inputs.length) });
    const weighted = b.linear(
      away,
      rows,
      rows.map(() => 0),
    );
    const square = b.reduce('sum', b.combine('multiply', away, weighted));
    // The library takes the root, and squares that.
    return b.map([square], { name: 'sqrt' }, { name: 'square' }, { name: 'negate' })[0]!;
  });
  const offset = () => estimator.number('offset_');
  const decision = once(() => b.map([scores()], { name: 'subtract', by: [offset()] })[0]!);
  const predicted = once(() => b.compare([scores()], '>=', [offset()])[0]!);
  return { kind: 'detector', scores, decision, predicted };
}

/** A line that holds most of the data on one side. */
export function oneClassGradient(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Detector {
  const b = lowering.builder;
  const offset = () => estimator.number('offset_');
  const decision = once(() => {
    const inputs = lowering.inputs(columns, estimator, 'refused');
    return b.linear(inputs, estimator.rows('coef_', inputs.length).slice(0, 1), [-offset()])[0]!;
  });
  return {
    kind: 'detector',
    decision,
    scores: once(() => b.map([decision()], { name: 'add', by: [offset()] })[0]!),
    predicted: once(() => b.compare([decision()], '>=', [0])[0]!),
  };
}
