import { PgscoreError } from '../../errors.ts';
import type { Model, Output, Task } from '../../ir/model.ts';
import type { ImportedModel, ImportOptions } from '../importer.ts';
import { besideValues } from './beside.ts';
import { isDateType } from './dates.ts';
import type { Element } from './element.ts';
import { featureFor, inputValue } from './inputs.ts';
import { Lowering } from './lowering.ts';
import { type LoweredModel, lowerModel } from './model.ts';
import { featureOf, outputFields, rankOf } from './outputs.ts';
import { type ClassificationResult, onlyWhere, type RegressionResult, type Result } from './result.ts';
import type { DataField, PmmlFile } from './scan.ts';
import { isActive, Scope } from './scope.ts';

export interface LoweredFile extends ImportedModel {
  /** Output fields by name, as far as a prediction holds them: what a self-test of the file may compare. */
  readonly outputs: ReadonlyMap<string, OutputPart>;
}

export type OutputPart =
  | { readonly kind: 'value' }
  /** `ids`: what else a label may be called. */
  | { readonly kind: 'label'; readonly ids?: ReadonlyMap<string, string> }
  | { readonly kind: 'probability'; readonly label: string }
  /** A place among the raw scores. */
  | { readonly kind: 'raw'; readonly index: number };

/** What the file means, as IR. Throws PgscoreError: PGS_FILE, PGS_UNSUPPORTED, PGS_USAGE for options that do not fit. */
export function lowerPmml(file: PmmlFile, options: ImportOptions): LoweredFile {
  if (options.features !== undefined) {
    throw new PgscoreError('PGS_USAGE', `${file.name}: feature names were given, but the file has its own.`);
  }
  const inputs = inputFields(file);
  const features = inputs.map(featureFor);
  const lowering = new Lowering(file, features.length);
  const base = new Scope(lowering);
  inputs.forEach((field, register) => {
    base.declare(field.name, () => inputValue(field, features[register]!, register, lowering));
  });
  noteDates(inputs, lowering);
  const lowered = lowerModel(file.model, base, true);
  for (const field of inputs) {
    if (isLimited(field, file.model)) lowered.context.scope.resolve(field.name, field.element);
  }
  const result = guarded(withBeside(finalResult(file.model, lowered), file.model, lowered), lowering);
  const { task, output } = outputOf(result, options, file, lowering);
  noteOutputs(file.model, result, lowering);
  const single: Model = { irVersion: 1, task, features, steps: lowering.b.steps, output };
  const model = lowering.termCounts.share(single);
  return {
    model,
    source: {
      format: 'pmml',
      formatVersion: file.version,
      objective: [file.model.name, file.model.attributes.functionName].filter(Boolean).join(' '),
      notes: lowering.notes,
    },
    outputs: outputParts(file.model, lowered, result),
  };
}

function noteDates(inputs: readonly DataField[], lowering: Lowering): void {
  const dates = inputs.flatMap(({ name, type }) => (isDateType(type) ? [`${name} (${type})`] : []));
  if (dates.length > 0) lowering.note(`Texts of ISO 8601 are ${shortList(dates)}.`);
}

/** Whether some values of a field may end in no prediction, even if the model does not read it. */
function isLimited({ name, type, valid, invalid, intervals }: DataField, model: Element): boolean {
  const mining = model.required('MiningSchema').all('MiningField');
  const own = mining.find((field) => field.attributes.name === name);
  const limits = valid.length + invalid.length + intervals.length;
  return limits > 0 || isDateType(type) || own?.attributes.missingValueTreatment === 'returnInvalid';
}

/** The active fields of the model, in the order of its <MiningSchema>. */
function inputFields(file: PmmlFile): readonly DataField[] {
  const fields: DataField[] = [];
  const names = new Set<string>();
  const derived = new Set(file.derived.map((field) => field.string('name')));
  for (const mining of file.model.required('MiningSchema').all('MiningField')) {
    const name = mining.string('name');
    if (names.has(name)) mining.fail('is listed a second time');
    names.add(name);
    if (!isActive(mining)) continue;
    const field = file.fields.get(name);
    if (field === undefined) {
      if (!derived.has(name)) mining.fail('is no field of the data dictionary');
      continue;
    }
    fields.push(field);
  }
  if (fields.length === 0) file.model.refuse('reads no field', 'A model without inputs is a constant.');
  return fields;
}

/** The last final output that is computed from the prediction, where the file has one; else the prediction itself. */
function finalResult(model: Element, lowered: LoweredModel): Result {
  const chosen = finalField(model);
  if (chosen === undefined) return lowered.result;
  const { lowering } = lowered.context;
  lowering.note(`The value is the output field ${chosen.string('name')}.`);
  const value = lowered.outputs.resolve(chosen.string('name'), chosen);
  if (value.kind === 'text') {
    return { kind: 'classification', labels: [...value.texts], predicted: value.register };
  }
  return { kind: 'regression', value: lowering.register(value, chosen) };
}

/** An ensemble may put out each of its thousand segments. */
const MAX_BESIDE = 100;

/** With the numbers that other final output fields give. */
function withBeside(result: Result, model: Element, lowered: LoweredModel): Result {
  if (result.kind !== 'regression') return result;
  const fields = leftFields(model).filter((field) => field.boolean('isFinalResult', true));
  const beside = besideValues(fields.slice(0, MAX_BESIDE), lowered);
  return beside.size === 0 ? result : { ...result, beside };
}

/** The output fields that a prediction does not hold by its value, its label or its probabilities. */
function leftFields(model: Element): readonly Element[] {
  const chosen = finalField(model);
  return outputFields(model).filter(
    (field) => field !== chosen && !isCarried(field, model) && featureOf(field) !== 'reasonCode',
  );
}

function finalField(model: Element): Element | undefined {
  const fields = outputFields(model);
  const isFinal = (field: Element): boolean => field.boolean('isFinalResult', true);
  const explicit = fields.filter((field) => field.has('isFinalResult') && isFinal(field));
  const computed = explicit.filter(isComputed).at(-1);
  if (computed !== undefined) return computed;
  // The part of a segment, or the nth class, when nothing else is said to be final.
  const [only] = explicit;
  if (explicit.length === 1 && PARTS.has(featureOf(only!)) && !isCarried(only!, model)) return only;
  const hidden = fields.some((field) => featureOf(field) === 'predictedValue' && !isFinal(field));
  return hidden ? fields.filter((field) => isComputed(field) && isFinal(field)).at(-1) : undefined;
}

function isComputed(field: Element): boolean {
  const feature = featureOf(field);
  return feature === 'transformedValue' || feature === 'decision';
}

/** No prediction where an input is not allowed. */
function guarded(result: Result, lowering: Lowering): Result {
  const { guards, b } = lowering;
  if (guards.length === 0) return result;
  const invalid = guards.length === 1 ? guards[0]! : b.reduce('max', [...new Set(guards)]);
  const [valid] = b.compare([invalid], '==', [0]);
  return onlyWhere(valid!, result, lowering);
}

interface TaskOutput {
  readonly task: Task;
  readonly output: Output;
}

/** An index that names no label, which every reader of `predicted` takes for NULL. */
const NO_CLASS = -1;

function outputOf(result: Result, options: ImportOptions, file: PmmlFile, lowering: Lowering): TaskOutput {
  if (result.kind !== 'classification' && options.labels !== undefined) {
    throw new PgscoreError('PGS_USAGE', `${file.name}: labels were given, but the model is no classifier.`);
  }
  switch (result.kind) {
    case 'regression':
      return regressionOutput(result, lowering);
    case 'classification':
      return classOutput(result, options, file, lowering);
    case 'clustering': {
      const { labels } = result;
      const predicted = labelRegister(result.predicted, lowering);
      return {
        task: 'clustering',
        output: { value: result.predicted, raw: result.scores, classes: { labels, predicted } },
      };
    }
  }
}

/** With reason codes the first of them is the label. Raw are the value, the points of each code, and what stands beside. */
function regressionOutput(result: RegressionResult, lowering: Lowering): TaskOutput {
  const { value, reasons, all, beside } = result;
  const task: Task = result.task ?? 'regression';
  const raw = [...(all ?? [value]), ...(reasons?.points ?? []), ...(beside?.values() ?? [])];
  if (reasons !== undefined) {
    lowering.note(
      `The label is the first reason code; raw holds the score and then the points of ${shortList(reasons.names)}.`,
    );
  }
  if (beside !== undefined) {
    lowering.note(`raw ends in the output fields ${shortList([...beside.keys()])}.`);
  }
  const values = all === undefined ? {} : { values: all };
  if (reasons === undefined) return { task, output: { value, raw, ...values } };
  const predicted = labelRegister(reasons.places()[0]!, lowering);
  return { task, output: { value, raw, classes: { labels: reasons.names, predicted } } };
}

function labelRegister(predicted: number, { b }: Lowering): number {
  return b.map([predicted], { name: 'impute', missing: Number.NaN, by: [NO_CLASS] })[0]!;
}

/** value: the second of two classes' probability, or else the index of the predicted class. */
function classOutput(
  result: ClassificationResult,
  options: ImportOptions,
  file: PmmlFile,
  lowering: Lowering,
): TaskOutput {
  const labels = options.labels ?? result.labels;
  if (labels.length !== result.labels.length || new Set(labels).size !== labels.length) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: ${labels.length} labels were given, but the model has ${result.labels.length} classes.`,
      { hint: `Give one label a class, each another one, in the order ${result.labels.join(', ')}.` },
    );
  }
  const { predicted, probabilities } = result;
  const binary = labels.length === 2;
  return {
    task: binary ? 'binary' : 'multiclass',
    output: {
      value: binary && probabilities !== undefined ? probabilities[1]! : predicted,
      raw: probabilities ?? [predicted],
      classes: {
        labels,
        predicted: labelRegister(predicted, lowering),
        ...(probabilities === undefined ? {} : { probabilities }),
      },
    },
  };
}

const CARRIED: ReadonlySet<string> = new Set(['predictedValue', 'probability', 'entityId', 'clusterId']);

/** What output fields may give of a prediction besides. */
const PARTS: ReadonlySet<string> = new Set([
  ...CARRIED,
  'predictedDisplayValue',
  'reasonCode',
  'affinity',
  'entityAffinity',
  'clusterAffinity',
]);

/** Whether a prediction holds what the field gives: of the whole model, and the best. Entities are clusters alone. */
function isCarried(field: Element, model: Element): boolean {
  const feature = featureOf(field);
  const isEntity = feature === 'entityId' || feature === 'clusterId';
  if (!CARRIED.has(feature) || (isEntity && model.attributes.functionName !== 'clustering')) return false;
  return !field.has('segmentId') && rankOf(field) === 1;
}

function noteOutputs(model: Element, result: Result, lowering: Lowering): void {
  const beside = result.kind === 'regression' ? result.beside : undefined;
  const names = leftFields(model)
    .map((field) => field.string('name'))
    .filter((name) => !(beside?.has(name) ?? false));
  if (names.length === 0) return;
  lowering.note(`A prediction does not hold the output fields ${shortList(names)}.`);
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

/** Where a prediction holds what the target and the output fields name. */
function outputParts(
  model: Element,
  { result, context }: LoweredModel,
  final: Result,
): ReadonlyMap<string, OutputPart> {
  const parts = new Map<string, OutputPart>();
  if (final.kind !== result.kind) return parts;
  const predicted = predictedPart(final);
  if (context.targetField !== undefined) parts.set(context.targetField.name, predicted);
  for (const field of outputFields(model).filter((each) => isCarried(each, model))) {
    const name = field.string('name');
    if (featureOf(field) !== 'probability') parts.set(name, predicted);
    else if (field.has('value')) parts.set(name, { kind: 'probability', label: field.string('value') });
  }
  if (final.kind === 'regression' && final.beside !== undefined) {
    const before = (final.all?.length ?? 1) + (final.reasons?.points.length ?? 0);
    [...final.beside.keys()].forEach((name, i) => {
      parts.set(name, { kind: 'raw', index: before + i });
    });
  }
  const first = outputFields(model).find((field) => featureOf(field) === 'reasonCode' && rankOf(field) === 1);
  if (
    first !== undefined &&
    final.kind === 'regression' &&
    final.reasons !== undefined &&
    !first.has('segmentId')
  )
    parts.set(first.string('name'), { kind: 'label' });
  return parts;
}

function predictedPart(result: Result): OutputPart {
  switch (result.kind) {
    case 'regression':
      return { kind: 'value' };
    case 'classification':
      return { kind: 'label' };
    case 'clustering':
      return { kind: 'label', ids: new Map(result.labels.map((label, i) => [label, result.ids[i]!])) };
  }
}
