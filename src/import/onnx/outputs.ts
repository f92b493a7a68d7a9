import { PgscoreError } from '../../errors.ts';
import type { Classes, Output, Register, Task } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';
import type { OnnxFile } from './file.ts';
import { UnsupportedNode } from './node-error.ts';
import type { RowProgram } from './program.ts';
import { SIDECAR_HINT } from './run.ts';
import { type Constant, type Element, isConstant, isFloat, isRowText, type Value } from './value.ts';

export interface RowOutputs {
  readonly task: Task;
  readonly output: Output;
  readonly notes: readonly string[];
}

/** A class label: the labels it can have, and the row's place among them. */
interface Label {
  readonly labels: readonly Constant[];
  readonly position: Element;
}

interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

interface Scores {
  readonly elements: readonly Element[];
  /** The labels that a map names its scores by. */
  readonly keys?: readonly Constant[];
}

/**
 * What the graph's outputs are as a prediction: a label with its scores (a map or a tensor) makes a classifier, numbers
 * alone a value or values. @throws PgscoreError PGS_UNSUPPORTED; PGS_USAGE for labels that do not fit
 */
export function lowerOutputs(
  file: OnnxFile,
  values: readonly Value[],
  program: RowProgram,
  options: ImportOptions,
): RowOutputs {
  const named = file.graph.outputs.map(({ name }, k) => ({ name, value: values[k]! }));
  const labelled = named.find(({ value }) => labelOf(value) !== undefined);
  const rest = named.filter((each) => each !== labelled && scoresOf(each.value) !== undefined);
  const scored = rest.find(({ name }) => /prob/i.test(name)) ?? rest[0];
  const label = labelled === undefined ? undefined : labelOf(labelled.value);
  const columns = label === undefined ? undefined : columnsOf(rest, label);
  const scores = columns ?? (scored === undefined ? undefined : scoresOf(scored.value));
  const classifies = label !== undefined || scores?.keys !== undefined;
  const used = classifies ? [labelled, ...(columns === undefined ? [scored] : rest)] : rest;
  const notes = named
    .filter((each) => !used.includes(each))
    .map(({ name }) => `The graph's output ${JSON.stringify(name)} is left out.`);
  if (classifies) {
    // Scores of that name are distances or decision values, even when there is one for each class.
    const probable = scored !== undefined && !/score|dist|decision/i.test(scored.name);
    return { ...classify(file, program, options, { label, scores, probable }), notes };
  }
  if (options.labels !== undefined) refuseLabels(file, options.labels, 'the model is no classifier');
  const numbers = rest.flatMap(({ value }) => scoresOf(value)!.elements);
  if (numbers.length === 0) {
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${file.name}: no output of the graph is a number or a label.`,
      {
        hint: SIDECAR_HINT,
      },
    );
  }
  const registers = program.answers(numbers);
  const output = { value: registers[0]!, raw: registers };
  return {
    task: 'regression',
    output: registers.length === 1 ? output : { ...output, values: registers },
    notes,
  };
}

function refuseLabels(file: OnnxFile, labels: readonly string[], why: string): never {
  throw new PgscoreError('PGS_USAGE', `${file.name}: ${labels.length} labels were given, but ${why}.`);
}

/** A single text or whole number of known choices. */
function labelOf(value: Value): Label | undefined {
  if (value.kind !== 'tensor' || isFloat(value.type) || value.elements.length !== 1) return undefined;
  const element = value.elements[0]!;
  if (isConstant(element)) return { labels: [element], position: 0 };
  if (element.kind !== 'choice') return undefined;
  const labels = [...new Set(element.values)];
  const places = new Map(labels.map((each, place) => [each, place]));
  const position = { ...element, values: element.values.map((each) => places.get(each)!) };
  return { labels, position };
}

/** Numbers: a tensor's, or those of a map that stands alone in a sequence. */
function scoresOf(value: Value): Scores | undefined {
  if (value.kind === 'tensor') {
    const texts = value.type === 'string' || value.elements.some(isRowText);
    return texts || value.elements.length === 0 ? undefined : { elements: value.elements };
  }
  const inner = value.kind === 'sequence' && value.values.length === 1 ? value.values[0]! : value;
  if (inner.kind !== 'map') return undefined;
  return { elements: inner.values, keys: inner.keys };
}

/**
 * An output a class, as skl2onnx's option zipmap='columns' makes them: named by the label, with s before a text and i
 * before a whole number. Undefined when the outputs are something else.
 */
function columnsOf(outputs: readonly NamedValue[], { labels }: Label): Scores | undefined {
  const values = outputs.map(({ value }) => (value.kind === 'tensor' ? value.elements : []));
  if (outputs.length < 2 || values.some(({ length }) => length !== 1)) return undefined;
  const texts = labels.some((label) => typeof label === 'string');
  const keys = outputs.map(({ name }) => {
    if (!name.startsWith(texts ? 's' : 'i')) return Number.NaN;
    return texts ? name.slice(1) : Number(name.slice(1));
  });
  return labels.some((label) => keys.includes(label)) && !keys.includes(Number.NaN)
    ? { elements: values.flat(), keys }
    : undefined;
}

function classify(
  file: OnnxFile,
  program: RowProgram,
  options: ImportOptions,
  { label, scores, probable }: { label: Label | undefined; scores: Scores | undefined; probable: boolean },
): Omit<RowOutputs, 'notes'> {
  const known = scores?.keys ?? label!.labels;
  const registers = scores === undefined ? [] : program.answers(scores.elements);
  const complete = registers.length === known.length && (probable || scores?.keys !== undefined);
  const predicted = predictedRegister(program, label, known, registers);
  const classes: Classes = {
    labels: labelTexts(file, known, options),
    predicted,
    ...(complete ? { probabilities: registers } : {}),
  };
  // A number that is a label alone stays that number.
  const number =
    label !== undefined && registers.length === 0 && known.every((each) => typeof each === 'number');
  const value = number ? program.answers([chosenLabel(label)])[0]! : valueRegister(classes, registers);
  const raw = registers.length > 0 ? registers : [value];
  const task = known.length === 2 ? (isOutlierLabel(known) ? 'anomaly' : 'binary') : 'multiclass';
  return { task, output: { value, raw, classes } };
}

/** Of two classes the second one's probability or the only score; of more the place of the predicted one. */
function valueRegister({ labels, predicted, probabilities }: Classes, scores: readonly Register[]): Register {
  if (labels.length !== 2) return predicted;
  if (probabilities !== undefined) return probabilities[1]!;
  return scores.length === 1 ? scores[0]! : predicted;
}

function chosenLabel({ labels, position }: Label): Element {
  if (isConstant(position)) return labels[position as number]!;
  return position.kind === 'choice'
    ? { ...position, values: position.values.map((place) => labels[place as number]!) }
    : position;
}

/** scikit-learn's detectors of outliers say -1 and 1. */
function isOutlierLabel(labels: readonly Constant[]): boolean {
  return labels.includes(-1) && labels.includes(1);
}

function predictedRegister(
  program: RowProgram,
  label: Label | undefined,
  known: readonly Constant[],
  scores: readonly Register[],
): Register {
  if (label === undefined) {
    const elements = scores.map((register): Element => ({ kind: 'number', register, rounded: true }));
    return program.registers([program.reduce('argmax', elements, 'float64')])[0]!;
  }
  const places = new Map(known.map((each, k) => [each, k]));
  requireSameLabels(label.labels, known);
  const place = (position: Constant) => places.get(label.labels[position as number]!) ?? Number.NaN;
  const { position } = label;
  const element: Element = isConstant(position)
    ? place(position)
    : position.kind === 'choice'
      ? { ...position, values: position.values.map(place) }
      : position;
  return program.answers([element])[0]!;
}

/** Labels that occur nowhere (defaults of tables) may have no score, and scores no label, but not both. */
function requireSameLabels(labels: readonly Constant[], known: readonly Constant[]): void {
  const stray = labels.find((label) => !known.includes(label));
  if (stray === undefined || known.every((each) => labels.includes(each))) return;
  throw new UnsupportedNode(`the label can be ${JSON.stringify(stray)}, for which there is no score`);
}

function labelTexts(file: OnnxFile, labels: readonly Constant[], options: ImportOptions): readonly string[] {
  const given = options.labels;
  if (given === undefined) return labels.map(String);
  if (given.length !== labels.length) refuseLabels(file, given, `the model has ${labels.length} classes`);
  return given;
}
