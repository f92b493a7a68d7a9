import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';
import { once } from '../once.ts';
import type { Frame, Lazy } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

type Registers = readonly Register[];

export interface ClassifierParts {
  readonly classes: number;
  /** rawPrediction, one number a class. */
  readonly raw: Lazy<Registers>;
  /** probability, from rawPrediction. */
  readonly probabilities?: Lazy<Registers>;
  /** How the class follows, where it is not the greatest number of rawPrediction. */
  readonly predicted?: Lazy<Register>;
}

/** Publishes a classifier: steps are added once, when a column is first needed. */
export function classifier(stage: Stage, frame: Frame, lowering: Lowering, parts: ClassifierParts): void {
  const { classes } = parts;
  if (!(Number.isInteger(classes) && classes >= 1 && classes <= 100_000))
    stage.fail(`has ${classes} classes`);
  const raw = once(() => sized(parts.raw(), classes, stage));
  const of = parts.probabilities;
  const probabilities = of === undefined ? undefined : once(of);
  const own = parts.predicted;
  const value = once(() => own?.() ?? greatest(stage, lowering.builder, raw, probabilities));
  const more = probabilities === undefined ? {} : { probabilities };
  publish({ kind: 'classification', stage, classes, raw, value, ...more }, frame, lowering);
}

function sized(raw: Registers, classes: number, stage: Stage): Registers {
  return raw.length === classes ? raw : stage.fail(`gives ${raw.length} scores for ${classes} classes`);
}

/**
 * The greatest of rawPrediction, the first of equals; with thresholds, the greatest of probability / threshold.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/classification/ProbabilisticClassifier.scala
 */
function greatest(
  stage: Stage,
  b: Builder,
  raw: Lazy<Registers>,
  probabilities: Lazy<Registers> | undefined,
): Register {
  if (probabilities === undefined || !stage.has('thresholds')) return b.argmax(raw());
  const thresholds = stage.numbers('thresholds');
  const values = probabilities();
  if (thresholds.length !== values.length) return stage.fail(`has ${thresholds.length} thresholds`);
  // 0 over a threshold of 0 is NaN, and never the greatest.
  return b.argmax(
    b.map(
      values,
      { name: 'divide', by: thresholds },
      { name: 'impute', missing: Number.NaN, by: [-Infinity] },
    ),
  );
}

/** Each over the sum of all, unless that is 0. */
export function normalised(b: Builder, raw: Registers): Registers {
  const sum = b.reduce('sum', raw);
  return b.select(b.compare([sum], '!=', [0]), b.combine('divide', raw, [sum]), raw);
}

/** [-margin, margin] */
export function margins(b: Builder, margin: Register): Registers {
  return [b.unary([margin], 'negate')[0]!, margin];
}

/** 1 / (1 + exp(-scale x)) of the first score, and 1 less that. */
export function logistic(b: Builder, raw: Registers, scale: number): Registers {
  const [first] = b.link([raw[0]!], { name: 'sigmoid', scale });
  return [first!, b.link([first!], { name: 'complement' })[0]!];
}
