import { once } from '../once.ts';
import { classifier } from './classify.ts';
import type { Directory } from './directory.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { lowerStage } from './registry.ts';
import { readStage, type Stage } from './stage.ts';

/** The stages one after the other, in the order that the parameters name them. */
export function pipeline(stage: Stage, frame: Frame, lowering: Lowering): void {
  const stages = stage.directory.folder('stages');
  const uids = stage.texts('stageUids');
  const folders = new Map(stages.folders().map((name) => [Number.parseInt(name, 10), name]));
  uids.forEach((uid, i) => {
    const name = folders.get(i);
    if (name === undefined || !name.endsWith(`_${uid}`)) stage.fail(`has no folder of stage ${i}, ${uid}`);
    lowerStage(readStage(stages.folder(name), stage.budget), frame, lowering);
  });
}

/** A search over parameters answers with the best model that it found. */
export function bestModel(stage: Stage, frame: Frame, lowering: Lowering): void {
  lowerInner(stage, stage.directory.folder('bestModel'), frame, lowering);
}

/** A formula is saved with the pipeline that it stands for. */
export function formula(stage: Stage, frame: Frame, lowering: Lowering): void {
  lowerInner(stage, stage.directory.folder('pipelineModel'), frame, lowering);
}

function lowerInner(stage: Stage, directory: Directory, frame: Frame, lowering: Lowering): void {
  lowerStage(readStage(directory, stage.budget), frame, lowering);
}

/**
 * The class whose own model gives the greatest score for its second class, the first of equals.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/classification/OneVsRest.scala
 */
export function oneVersusRest(stage: Stage, frame: Frame, lowering: Lowering): void {
  const classes = stage.fact('numClasses');
  const features = frame.column(stage.text('featuresCol', 'features'));
  if (!(Number.isInteger(classes) && classes >= 1 && classes <= 10_000)) stage.fail(`has ${classes} classes`);
  const before = lowering.predictions.length;
  const members = Array.from({ length: classes }, (_, i) => {
    const member = readStage(stage.directory.folder(`model_${i}`), stage.budget);
    // Members read the column of the whole, whatever their own parameters say.
    const own = frame.fork();
    own.set(member.text('featuresCol', 'features'), features);
    lowerStage(member, own, lowering);
    return lowering.predictions.at(-1);
  });
  lowering.predictions.length = before;
  const raw = once(() =>
    members.map((member) => {
      const second = member?.kind === 'classification' ? member.raw()[1] : undefined;
      return second ?? stage.fail('has a member that is no classifier of two classes');
    }),
  );
  classifier(stage, frame, lowering, { classes, raw });
  const labels = labelsOf(stage.extra('labelMetadata'));
  const prediction = lowering.predictions.at(-1);
  if (labels !== undefined && prediction?.kind === 'classification') prediction.labels = labels;
}

/** The values of a nominal label column: {"ml_attr": {"vals": […]}}, as a text. */
function labelsOf(metadata: unknown): readonly string[] | undefined {
  try {
    const { ml_attr: attribute } = JSON.parse(String(metadata)) as { ml_attr?: { vals?: unknown } };
    const values = attribute?.vals;
    return Array.isArray(values) && values.every((each) => typeof each === 'string') ? values : undefined;
  } catch {
    return undefined;
  }
}
