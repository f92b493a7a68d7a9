import type { Register } from '../../ir/model.ts';
import type { TaskOutput } from '../guard.ts';
import type { Frame } from './frame.ts';
import { UNKNOWN } from './indexers.ts';
import type { Lowering } from './lowering.ts';
import type { Classification, Prediction } from './prediction.ts';
import type { Stage } from './stage.ts';

/** Where the parts of the prediction stand: of the last model, or the columns of the last stage where there is none. */
export function outputOf(root: Stage, frame: Frame, lowering: Lowering): TaskOutput {
  const prediction = lowering.predictions.at(-1);
  if (lowering.options.labels !== undefined && prediction?.kind !== 'classification')
    lowering.usage('labels were given, but the model is no classifier.');
  return prediction === undefined ? transformed(root, frame, lowering) : predicted(prediction, lowering);
}

function predicted(prediction: Prediction, lowering: Lowering): TaskOutput {
  switch (prediction.kind) {
    case 'regression':
    case 'survival': {
      const value = prediction.value();
      const raw = [prediction.score?.() ?? value];
      const more = prediction.more?.();
      const output = { value, raw, ...(more === undefined ? {} : { values: [value, ...more] }) };
      return { task: prediction.kind, output };
    }
    case 'clustering': {
      const value = prediction.value();
      const probabilities = prediction.probabilities?.();
      const output = { value, raw: prediction.raw() };
      if (probabilities === undefined) return { task: 'clustering', output };
      const labels = probabilities.map((_, i) => String(i));
      return {
        task: 'clustering',
        output: { ...output, classes: { labels, predicted: value, probabilities } },
      };
    }
    case 'classification':
      return classified(prediction, lowering);
  }
}

/** value: of two classes the second one's probability, or its score; else the index of the predicted class. */
function classified(prediction: Classification, lowering: Lowering): TaskOutput {
  const labels = labelsOf(prediction, lowering);
  const predicted = prediction.value();
  const raw = prediction.raw();
  const probabilities = prediction.probabilities?.();
  const binary = labels.length === 2;
  const classes = { labels, predicted, ...(probabilities === undefined ? {} : { probabilities }) };
  const score = probabilities?.[1] ?? raw[1];
  return {
    task: binary ? 'binary' : 'multiclass',
    output: { value: binary ? score! : predicted, raw, classes },
  };
}

/** The caller's, those that a stage after the model gives back, those of the label's indexer, or the indices. */
function labelsOf({ stage, classes, labels }: Classification, lowering: Lowering): readonly string[] {
  const given = lowering.options.labels;
  if (given !== undefined) {
    if (given.length === classes && new Set(given).size === classes) return given;
    lowering.usage(
      `${given.length} labels were given, but the model has ${classes} classes.`,
      'Give one label a class, each another one, in the order of the indices.',
    );
  }
  const own = labels ?? lowering.labels.get(stage.text('labelCol', 'label')) ?? [];
  const known = Array.from(
    { length: classes },
    (_, i) => own[i] ?? (i === own.length && i > 0 ? UNKNOWN : String(i)),
  );
  return new Set(known).size === classes ? known : known.map((_, i) => String(i));
}

function transformed(root: Stage, frame: Frame, lowering: Lowering): TaskOutput {
  lowering.notes.add('The file holds no model: `values` has the columns that its last stage gives.');
  const values = frame.recent().flatMap((name): readonly Register[] => {
    const column = frame.column(name)();
    return column.kind === 'vector'
      ? column.parts.map(({ register }) => register)
      : [lowering.number(column, root).register];
  });
  if (values.length === 0) return root.refuse('gives no output');
  const output = { value: values[0]!, raw: values };
  return { task: 'regression', output: values.length === 1 ? output : { ...output, values } };
}
