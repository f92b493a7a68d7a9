import { PgscoreError } from '../../errors.ts';
import type { Output, Register, Task } from '../../ir/model.ts';
import type { Program } from '../program.ts';
import { corrupt, shorten } from './field.ts';
import { LOSSES, type Loss } from './losses.ts';
import type { CatboostFile } from './scan.ts';
import { unsupported } from './unsupported.ts';

/** The model's loss, held against its number of outputs. Models that were summed up state none: then it is guessed. */
export function lossOf(file: CatboostFile, name: string): { readonly loss: Loss; readonly notes: string[] } {
  const stated = file.info.loss;
  const loss = LOSSES.get(stated ?? guessLoss(file));
  if (loss === undefined) {
    throw unsupported(
      name,
      `unknown loss '${shorten(stated ?? '')}'. Known: ${[...LOSSES.keys()].join(', ')}`,
      'What turns the scores of a custom loss into predictions is not in the file.',
    );
  }
  const sound =
    loss.link === 'binary' || loss.link === 'exp'
      ? file.outputs === 1
      : loss.link === 'uncertainty'
        ? file.outputs === 2
        : true;
  if (!sound) throw corrupt(name, `${stated} cannot have ${file.outputs} outputs`);
  const notes =
    stated === null ? [`The file states no loss: it is scored as one of ${guessLoss(file)}.`] : [];
  if (loss.link === 'sigmoids') {
    notes.push(`The model gives ${file.outputs} labels at once: \`values\` holds the probability of each.`);
  }
  return { loss, notes };
}

function guessLoss({ info, outputs }: CatboostFile): string {
  if (info.classNames.length === 0) return outputs === 1 ? 'RMSE' : 'MultiRMSE';
  return outputs === 1 ? 'Logloss' : 'MultiClass';
}

/** Class names in class order; none for models that are no classifiers. */
export function lowerLabels(
  file: CatboostFile,
  { task }: Loss,
  name: string,
  { labels }: { readonly labels?: readonly string[] },
): readonly string[] {
  const classes = task === 'multiclass' ? file.outputs : task === 'binary' ? 2 : 0;
  if (labels !== undefined) {
    if (labels.length === classes && new Set(labels).size === classes) return labels;
    const has = classes === 0 ? 'is no classifier' : `has ${classes} classes, each of another name`;
    throw new PgscoreError(
      'PGS_USAGE',
      `${name}: ${labels.length} labels were given, but the model ${has}.`,
      { hint: 'Give one label a class, in the order of the class numbers.' },
    );
  }
  const { classNames } = file.info;
  return classNames.length === classes && new Set(classNames).size === classes
    ? classNames
    : Array.from({ length: classes }, (_, i) => String(i));
}

/** Appends what turns raw scores into predictions, as CatBoost's predict() and predict_proba() do. */
export function lowerOutput(
  program: Program,
  { task, link }: Loss,
  raw: readonly Register[],
  classes: { readonly labels: readonly string[]; readonly threshold: number },
): { readonly task: Task; readonly output: Output } {
  switch (link) {
    case 'binary':
      return { task, output: binary(program, raw, classes) };
    case 'softmax':
      return {
        task,
        output: multiclass(program, raw, program.link({ name: 'softmax' }, raw), classes.labels),
      };
    case 'one-vs-all': {
      const probabilities = program.link({ name: 'sigmoid', scale: 1 }, raw);
      return { task, output: multiclass(program, raw, probabilities, classes.labels) };
    }
    case 'identity':
      return { task, output: numbers(raw, raw) };
    case 'exp':
      return { task, output: numbers(raw, program.link({ name: 'exp' }, raw)) };
    case 'sigmoids':
      return { task, output: numbers(raw, program.link({ name: 'sigmoid', scale: 1 }, raw)) };
    case 'uncertainty':
      return { task, output: numbers(raw, [raw[0]!, variance(program, raw[1]!)]) };
  }
}

function numbers(raw: readonly Register[], values: readonly Register[]): Output {
  const output = { value: values[0]!, raw };
  return values.length === 1 ? output : { ...output, values };
}

/** The second score of RMSEWithUncertainty is the logarithm of the standard deviation. */
function variance(program: Program, score: Register): Register {
  return program.add({
    kind: 'map',
    inputs: [score],
    precision: 'float64',
    operations: [{ name: 'multiply', by: [2] }, { name: 'exp' }],
  })[0]!;
}

/** CatBoost compares the raw score, which differs from comparing probabilities where these round to the threshold. */
function binary(
  program: Program,
  raw: readonly Register[],
  { labels, threshold }: { readonly labels: readonly string[]; readonly threshold: number },
): Output {
  const positive = program.link({ name: 'sigmoid', scale: 1 }, raw)[0]!;
  const negative = program.link({ name: 'complement' }, [positive])[0]!;
  const border = threshold === 0.5 ? 0 : -Math.log(1 / threshold - 1);
  const predicted = program.add({
    kind: 'map',
    inputs: raw,
    precision: 'float64',
    operations: [{ name: 'compare', operator: '>', by: [border] }],
  })[0]!;
  return { value: positive, raw, classes: { labels, predicted, probabilities: [negative, positive] } };
}

function multiclass(
  program: Program,
  raw: readonly Register[],
  probabilities: readonly Register[],
  labels: readonly string[],
): Output {
  const predicted = program.link({ name: 'argmax' }, raw)[0]!;
  return { value: predicted, raw, classes: { labels, predicted, probabilities } };
}
