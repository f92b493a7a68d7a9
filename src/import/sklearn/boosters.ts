import { type Model, type Register, type Step, stepWidth } from '../../ir/model.ts';
import type { ImportedModel, Importer, ImportOptions } from '../importer.ts';
import { lightgbm } from '../lightgbm/index.ts';
import { moveStep } from '../move-registers.ts';
import { once } from '../once.ts';
import { NdArray, PyObject, type PyValue } from '../pickle/index.ts';
import { xgboostJson, xgboostUbj } from '../xgboost/index.ts';
import { JsonReader } from '../xgboost/json.ts';
import { UbjsonReader } from '../xgboost/ubjson.ts';
import type { Column } from './columns.ts';
import type { Estimator } from './estimator.ts';
import type { Lowering } from './lowering.ts';
import { classValues, labelsOf, type Predictor } from './predictor.ts';

/** The class of a booster, or of a scikit-learn wrapper of one, of XGBoost or LightGBM. */
export function isBooster(estimator: Estimator): boolean {
  return estimator.package === 'xgboost' || estimator.package === 'lightgbm';
}

/** The model inside of a wrapper, by the importer of its own format. */
export function readBooster(estimator: Estimator, options: ImportOptions): ImportedModel {
  const booster = estimator.name === 'Booster' ? estimator : estimator.child('_Booster', 'booster');
  const labels = options.labels ?? ownLabels(estimator);
  const given = { ...options, ...(labels === undefined ? {} : { labels }) };
  if (estimator.package === 'xgboost') return readXgboost(estimator, booster, given);
  const text = booster.get('_handle') ?? booster.get('handle');
  if (typeof text !== 'string') return booster.fail('has no model');
  const { file } = estimator.place;
  const imported = lightgbm.read({ name: file, bytes: Buffer.from(text) }, given);
  return options.allTrees === true ? imported : bestIteration(imported, booster);
}

/** LightGBM keeps all trees, and predicts with those up to the best iteration of early stopping. */
function bestIteration(imported: ImportedModel, booster: Estimator): ImportedModel {
  const best = booster.get('best_iteration');
  const { model, source } = imported;
  if (typeof best !== 'number' || best <= 0) return imported;
  let cut = false;
  const steps = model.steps.map((step): Step => {
    if (step.kind !== 'tree-ensemble' || step.trees.length <= best * step.outputs) return step;
    cut = true;
    return { ...step, trees: step.trees.slice(0, best * step.outputs) };
  });
  if (!cut) return imported;
  const notes = [
    ...source.notes,
    `Early stopping found the best iteration at ${best}: later trees are left out.`,
  ];
  return { model: { ...model, steps }, source: { ...source, notes } };
}

function readXgboost(estimator: Estimator, booster: Estimator, options: ImportOptions): ImportedModel {
  const raw = booster.get('handle');
  if (!(raw instanceof Uint8Array)) return booster.fail('has no model');
  const { file } = estimator.place;
  const text = raw[0] === 0x7b && /[\s"]/.test(String.fromCharCode(raw[1] ?? 0));
  const importer: Importer = text ? xgboostJson : xgboostUbj;
  return importer.read({ name: file, bytes: modelOfSnapshot(file, raw, text) }, options);
}

/** A pickled booster is a snapshot of two parts: its model as a file has it, and the parameters of training. */
function modelOfSnapshot(file: string, raw: Uint8Array, text: boolean): Uint8Array {
  const head = Buffer.from(raw.subarray(0, 32)).toString('latin1');
  if (!/^\{[\s\S]{0,12}?(Config|Model)/.test(head)) return raw;
  const reader = text ? new JsonReader(file, raw) : new UbjsonReader(file, raw);
  let model: Uint8Array | undefined;
  reader.object((key) => {
    const start = reader.position();
    reader.skip();
    if (key === 'Model') model = raw.subarray(start, reader.position());
  });
  return model ?? reader.fail('the snapshot of a booster has no model');
}

function ownLabels(estimator: Estimator): readonly string[] | undefined {
  const encoder = estimator.get('_le');
  const classes =
    estimator.get('_classes') ?? (encoder instanceof PyObject ? encoder.attribute('classes_') : undefined);
  return classes instanceof NdArray && estimator.name.endsWith('Classifier')
    ? labelsOf(classValues(classes), estimator)
    : undefined;
}

/** A wrapper within a pipeline: its model's steps on the columns that it gets. */
export function embeddedBooster(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): Predictor {
  const { model, source } = readBooster(estimator, {
    ...(lowering.options.allTrees === true ? { allTrees: true } : {}),
  });
  for (const note of source.notes) lowering.notes.add(note);
  if (model.features.length !== columns.length) {
    return estimator.fail(`takes ${model.features.length} columns, but gets ${columns.length}`);
  }
  const inputs = columns.map((column, i) => inputOf(model, i, column, estimator, lowering));
  const place = once(() => embed(model, inputs, lowering));
  const { output } = model;
  const at = (register: Register): Register => place()(register);
  if (output.classes === undefined) {
    return { kind: 'regressor', values: once(() => (output.values ?? [output.value]).map(at)) };
  }
  const { classes } = output;
  return {
    kind: 'classifier',
    classes: classNumbers(estimator, classes.labels),
    predicted: once(() => at(classes.predicted)),
    scores: once(() => output.raw.map(at)),
    ...(estimator.package === 'lightgbm' ? { decisionUnknown: SINCE_4_7 } : {}),
    ...(classes.probabilities === undefined
      ? {}
      : { probabilities: once(() => classes.probabilities!.map(at)) }),
  };
}

const SINCE_4_7 =
  'gives raw scores here from LightGBM 4.7 on and probabilities before, and the file does not say which it was';

/** Labels that the wrapper knows, else numbers: meta-estimators compute with them. */
function classNumbers(estimator: Estimator, labels: readonly string[]): readonly PyValue[] {
  return ownLabels(estimator) === undefined ? labels.map((_, i) => i) : labels.map((label) => label);
}

/** The register of a column: a number, with the wrapper's own marker of missing values undone, or a text feature. */
function inputOf(
  model: Model,
  i: number,
  column: Column,
  estimator: Estimator,
  lowering: Lowering,
): Register {
  const feature = model.features[i]!;
  if (feature.kind === 'text') {
    const fits = column.kind === 'feature' && column.fill === undefined;
    if (fits && lowering.features.use(column.feature, 'text', feature.categories)) return column.feature;
    return estimator.refuse(`takes column ${i} as text, but gets a number`);
  }
  const { register } = lowering.number(column, estimator);
  const missing = estimator.get('missing');
  if (typeof missing !== 'number' || Number.isNaN(missing)) return register;
  return lowering.builder.map([register], { name: 'impute', missing, by: [Number.NaN] })[0]!;
}

/** Adds the model's steps; returns where its registers are now. */
function embed(
  model: Model,
  inputs: readonly Register[],
  lowering: Lowering,
): (register: Register) => Register {
  const place: Register[] = [...inputs];
  const moved = (register: Register): Register => place[register]!;
  for (const step of model.steps) {
    lowering.builder.charge(stepWidth(step));
    place.push(...lowering.builder.add(moveStep(step, moved)));
  }
  return moved;
}
