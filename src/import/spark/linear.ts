import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import { classifier, logistic, margins } from './classify.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

/** The score of a model of one row of coefficients, as a function that adds its step once. */
export function linearScore(stage: Stage, frame: Frame, lowering: Lowering): () => Register {
  const column = frame.column(stage.text('featuresCol', 'features'));
  return once(() => {
    const row = stage.row();
    const weights = row.vector('coefficients');
    const inputs = lowering.registers(column(), weights.length, stage);
    return lowering.builder.linear(inputs, [weights], [row.number('intercept')])[0]!;
  });
}

export function linearRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  publish({ kind: 'regression', stage, value: linearScore(stage, frame, lowering) }, frame, lowering);
}

/**
 * exp of the score; where quantilesCol is set, also the quantiles of the Weibull distribution.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/regression/AFTSurvivalRegression.scala
 */
export function survivalRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const score = linearScore(stage, frame, lowering);
  const value = once(() => b.link([score()], { name: 'exp' })[0]!);
  const more = once(() => {
    const scale = stage.row().number('scale');
    const factors = stage
      .numbers('quantileProbabilities')
      .map((q) => Math.exp(Math.log(-Math.log1p(-q)) * scale));
    return b.map(
      factors.map(() => value()),
      { name: 'multiply', by: factors },
    );
  });
  const quantiles = stage.has('quantilesCol') && stage.text('quantilesCol') !== '';
  publish({ kind: 'survival', stage, value, score, ...(quantiles ? { more } : {}) }, frame, lowering);
}

export function linearSupportVectors(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const score = linearScore(stage, frame, lowering);
  const raw = once(() => margins(b, score()));
  const predicted = once(() => b.compare([raw()[1]!], '>', [stage.number('threshold', 0)])[0]!);
  classifier(stage, frame, lowering, { classes: 2, raw, predicted });
}

/**
 * Binomial: one score, and a threshold on it. Multinomial: a score a class, and softmax.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/classification/LogisticRegression.scala
 */
export function logisticRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const row = stage.row();
  // Before 2.1 there was one vector of coefficients.
  const old = !row.has('coefficientMatrix');
  const weights = old ? [row.vector('coefficients')] : row.matrix('coefficientMatrix');
  const intercepts = old ? [row.number('intercept')] : row.vector('interceptVector');
  const multinomial = !old && row.flag('isMultinomial');
  if (intercepts.length !== weights.length || (!multinomial && weights.length !== 1))
    stage.fail(`has ${intercepts.length} intercepts for ${weights.length} rows of coefficients`);
  const column = frame.column(stage.text('featuresCol', 'features'));
  const scores = once(() =>
    b.linear(lowering.registers(column(), weights[0]?.length, stage), weights, intercepts),
  );
  const classes = row.whole('numClasses', 1, 1e6);
  if (multinomial) {
    const probabilities = once(() => b.link(scores(), { name: 'softmax' }));
    classifier(stage, frame, lowering, { classes, raw: scores, probabilities });
    return;
  }
  const raw = once(() => margins(b, scores()[0]!));
  const probabilities = once(() => binomial(stage, lowering, raw()));
  const predicted = once(() => b.compare([raw()[1]!], '>', [scoreThreshold(stage)])[0]!);
  classifier(stage, frame, lowering, { classes, raw, probabilities, predicted });
}

/** Before 3.0 both were worked out by themselves. */
function binomial(stage: Stage, { builder }: Lowering, raw: readonly Register[]): readonly Register[] {
  return stage.major < 3 ? builder.link(raw, { name: 'sigmoid', scale: 1 }) : logistic(builder, raw, 1);
}

/** The score above which the second class is predicted. Two thresholds stand for one. */
function scoreThreshold(stage: Stage): number {
  let threshold = stage.number('threshold', 0.5);
  if (stage.has('thresholds')) {
    const [first = Number.NaN, second = Number.NaN] = stage.numbers('thresholds');
    threshold = 1 / (1 + first / second);
  }
  if (!(threshold >= 0 && threshold <= 1)) return stage.fail(`has a threshold of ${threshold}`);
  return Math.log(threshold / (1 - threshold));
}
