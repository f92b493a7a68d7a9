import { once } from '../once.ts';
import { classifier, margins } from './classify.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

/**
 * Layers of sums and sigmoids; the last one's sums are rawPrediction, softmax of them the probabilities. The weights
 * of a layer stand input by input, then its biases.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/ann/Layer.scala
 */
export function multilayerPerceptron(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const row = stage.row();
  // Before 3.0 the layers were part of the data.
  const layers = row.has('layers') ? row.numbers('layers') : stage.numbers('layers');
  if (layers.length < 2 || layers.some((size) => !(Number.isInteger(size) && size >= 1 && size <= 1e6)))
    stage.fail(`has layers of ${layers.join(', ')}`);
  const raw = once(() => {
    const weights = row.vector('weights');
    let current = lowering.registers(column(), layers[0], stage);
    let at = 0;
    for (let layer = 1; layer < layers.length; layer++) {
      const [inputs, outputs] = [layers[layer - 1]!, layers[layer]!];
      const end = at + (inputs + 1) * outputs;
      if (end > weights.length) return stage.fail(`has ${weights.length} weights, too few for its layers`);
      b.charge(end - at);
      const start = at;
      const rows = Array.from({ length: outputs }, (_, q) =>
        Array.from({ length: inputs }, (_, k) => weights[start + k * outputs + q]!),
      );
      const sums = b.linear(current, rows, weights.slice(end - outputs, end));
      current = layer < layers.length - 1 ? b.link(sums, { name: 'sigmoid', scale: 1 }) : sums;
      at = end;
    }
    return current;
  });
  const probabilities = () => b.link(raw(), { name: 'softmax' });
  classifier(stage, frame, lowering, { classes: layers.at(-1)!, raw, probabilities });
}

/**
 * intercept + Σ w x + Σ over factors of ((Σ v x)² - Σ (v x)²) / 2.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/regression/FMRegressor.scala
 */
function factorScore(stage: Stage, frame: Frame, lowering: Lowering) {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  return once(() => {
    const row = stage.row();
    const weights = row.vector('linear');
    const factors = row.matrix('factors');
    if (factors.length !== weights.length) stage.fail('has factors of another number of features');
    const inputs = lowering.registers(column(), weights.length, stage);
    const [linear] = b.linear(inputs, [weights], [row.number('intercept')]);
    const pairs = (factors[0] ?? []).map((_, f) => {
      const products = b.map(inputs, { name: 'multiply', by: factors.map((own) => own[f]!) });
      const square = b.unary([b.reduce('sum', products)], 'square');
      const difference = b.combine('subtract', square, [b.reduce('sum-of-squares', products)]);
      return b.map(difference, { name: 'multiply', by: [0.5] })[0]!;
    });
    return b.reduce('sum', [linear!, ...pairs]);
  });
}

export function factorRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  publish({ kind: 'regression', stage, value: factorScore(stage, frame, lowering) }, frame, lowering);
}

export function factorClassification(stage: Stage, frame: Frame, lowering: Lowering): void {
  const score = factorScore(stage, frame, lowering);
  const b = lowering.builder;
  const raw = once(() => margins(b, score()));
  const probabilities = () => {
    const [second] = b.link([raw()[1]!], { name: 'sigmoid', scale: 1 });
    return [b.link([second!], { name: 'complement' })[0]!, second!];
  };
  classifier(stage, frame, lowering, { classes: 2, raw, probabilities });
}
