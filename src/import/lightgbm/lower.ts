import { PgscoreError } from '../../errors.ts';
import type { Classes, EncodeCategory, Feature, Model, Register } from '../../ir/model.ts';
import type { ImportedModel, ImportOptions } from '../importer.ts';
import { Program } from '../program.ts';
import { type Objective, objectiveOf } from './objective.ts';
import { type Category, placeCategoryLists } from './pandas.ts';
import type { LightgbmFile } from './scan.ts';
import { lowerTrees, usedFeatures } from './trees.ts';

/** More outputs than any classifier has; bounds what a false num_class can ask for. */
const MAX_OUTPUTS = 100_000;

/** The IR of a LightGBM file. @throws PgscoreError PGS_FILE, PGS_UNSUPPORTED; PGS_USAGE for options that do not fit. */
export function lowerLightgbm(file: LightgbmFile, options: ImportOptions): ImportedModel {
  const objective = objectiveOf(file);
  checkCounts(file, objective);
  const used = usedFeatures(file);
  const columns = categoryColumns(file, used);
  const program = new Program(file.featureNames.length, 'float64');
  const registers = used.map((f) => {
    const column = columns.get(f);
    return column === undefined ? f : program.add(encodeStep(f, column))[0]!;
  });
  const raw = program.add({
    kind: 'tree-ensemble',
    inputs: registers,
    inputPrecision: 'float64',
    comparison: '<=',
    accumulator: 'float64',
    outputs: file.treesPerIteration,
    base: new Array(file.treesPerIteration).fill(0),
    trees: lowerTrees(file, new Map(used.map((feature, input) => [feature, input]))),
  });
  const output = lowerOutput(file, objective, raw, program, options);
  const model: Model = {
    irVersion: 1,
    task: objective.task,
    features: lowerFeatures(file, columns, options),
    steps: program.steps,
    output,
  };
  return { model, source: sourceOf(file, columns) };
}

function checkCounts(file: LightgbmFile, objective: Objective): void {
  const { treesPerIteration: outputs, trees, name } = file;
  const fail = (problem: string): never => {
    throw new PgscoreError('PGS_FILE', `${name}: ${problem}.`, {
      hint: 'The file is damaged: save the model again.',
    });
  };
  if (outputs < 1 || outputs > MAX_OUTPUTS) fail(`num_tree_per_iteration is ${outputs}`);
  if (objective.outputs !== null && objective.outputs !== outputs) {
    fail(
      `objective "${file.objective}" needs ${objective.outputs} trees an iteration, but the file says ${outputs}`,
    );
  }
  if (trees.length % outputs !== 0)
    fail(`${trees.length} trees are no whole number of iterations of ${outputs}`);
  if (file.averageOutput && trees.length === 0) fail('a random forest without trees has no average');
}

/** The categories of a feature that pandas encoded, as the values that a table holds. */
interface CategoryColumn {
  readonly values: readonly string[] | readonly number[];
  readonly boolean: boolean;
}

function categoryColumns(file: LightgbmFile, used: readonly number[]): ReadonlyMap<number, CategoryColumn> {
  const lists = file.pandasCategorical ?? [];
  if (lists.length === 0) return new Map();
  const reads = new Set(used);
  const facts = file.featureInfos.map((info, i) => ({ info, used: reads.has(i) }));
  const places = placeCategoryLists(lists, facts, file.categoricalFeatures);
  if (places === null) {
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${file.name}: pandas_categorical lists the categories of ${lists.length} columns, and nothing in the file tells ` +
        `which of the ${facts.length} features those are.`,
      { hint: 'Train with categorical_feature="auto" and unordered pandas categories only.' },
    );
  }
  return new Map(places.map((feature, i) => [feature, categoryColumn(file, feature, lists[i]!)]));
}

function categoryColumn(file: LightgbmFile, feature: number, list: readonly Category[]): CategoryColumn {
  const types = new Set(list.map((category) => (category === null ? 'null' : typeof category)));
  const name = JSON.stringify(file.featureNames[feature]);
  const refuse = (problem: string): never => {
    throw new PgscoreError('PGS_UNSUPPORTED', `${file.name}: the categories of feature ${name} ${problem}.`, {
      hint: 'Make the column all texts, all numbers or all booleans, and train again.',
    });
  };
  if (types.has('null')) refuse('hold a null or NaN');
  if (types.size > 1) refuse(`mix ${[...types].join(', ')}`);
  const boolean = types.has('boolean');
  const values = (boolean ? list.map(Number) : list) as readonly string[] | readonly number[];
  if (new Set<string | number>(values).size !== values.length)
    refuse('hold a value twice (after rounding to float64)');
  return { values, boolean };
}

/** Missing and unseen values have no code in pandas; LightGBM gets NaN for both. */
function encodeStep(input: number, column: CategoryColumn): EncodeCategory {
  return {
    kind: 'encode-category',
    input,
    categories: column.values,
    missing: Number.NaN,
    unknown: Number.NaN,
  };
}

function lowerFeatures(
  file: LightgbmFile,
  columns: ReadonlyMap<number, CategoryColumn>,
  options: ImportOptions,
): readonly Feature[] {
  const names = options.features ?? file.featureNames;
  if (names.length !== file.featureNames.length) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: ${names.length} feature names were given, but the model has ${file.featureNames.length} features.`,
    );
  }
  return names.map((name, i) => lowerFeature(name, columns.get(i), file.featureInfos[i]!));
}

function lowerFeature(name: string, column: CategoryColumn | undefined, info: string): Feature {
  if (column !== undefined) {
    const { values } = column;
    if (values.length === 0 || typeof values[0] === 'string') {
      return { kind: 'text', name, categories: values as readonly string[] };
    }
    return {
      kind: 'number',
      name,
      integer: values.every(Number.isInteger),
      categories: values as readonly number[],
    };
  }
  const codes = info === 'none' || info.startsWith('[') ? [] : info.split(':').map(Number);
  if (codes.length === 0 || !codes.every(Number.isInteger)) return { kind: 'number', name };
  // Code -1 is LightGBM's own, for missing.
  const seen = new Set(codes.filter((code) => code >= 0));
  return { kind: 'number', name, integer: true, categories: [...seen].sort((a, b) => a - b) };
}

function lowerOutput(
  file: LightgbmFile,
  objective: Objective,
  raw: readonly number[],
  program: Program,
  options: ImportOptions,
): Model['output'] {
  const { task, link } = objective;
  const labels = classLabels(file, task, raw.length, options);
  const averaged = file.averageOutput
    ? program.link({ name: 'divide', divisor: file.trees.length / raw.length }, raw)
    : raw;
  const predicted = link === null ? averaged : applyLink(link, averaged, program);
  if (labels === null) {
    return predicted.length === 1
      ? { value: predicted[0]!, raw }
      : { value: predicted[0]!, raw, values: predicted };
  }
  if (task === 'binary') {
    // The first of equals wins, so class 1 is predicted when its probability is above one half.
    const probabilities = [program.link({ name: 'complement' }, predicted)[0]!, predicted[0]!];
    const best = program.link({ name: 'argmax' }, probabilities)[0]!;
    return {
      value: predicted[0]!,
      raw,
      classes: { labels, predicted: best, probabilities } satisfies Classes,
    };
  }
  const best = program.link({ name: 'argmax' }, predicted)[0]!;
  return {
    value: best,
    raw,
    classes: { labels, predicted: best, probabilities: predicted } satisfies Classes,
  };
}

function applyLink(
  link: NonNullable<Objective['link']>,
  inputs: readonly Register[],
  program: Program,
): readonly Register[] {
  if ('name' in link) return program.link(link, inputs);
  return program.add({ kind: 'map', inputs, precision: 'float64', operations: link });
}

/** LightGBM stores no class names: 0, 1, … unless the caller names them. Null when the model is no classifier. */
function classLabels(
  file: LightgbmFile,
  task: Model['task'],
  outputs: number,
  options: ImportOptions,
): readonly string[] | null {
  const count = task === 'binary' ? 2 : task === 'multiclass' ? outputs : 0;
  const labels = options.labels;
  if (labels !== undefined && labels.length !== count) {
    const has = count === 0 ? 'is no classifier' : `has ${count} classes`;
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: ${labels.length} labels were given, but the model ${has}.`,
    );
  }
  if (count === 0) return null;
  return labels ?? Array.from({ length: count }, (_, i) => String(i));
}

function sourceOf(file: LightgbmFile, columns: ReadonlyMap<number, CategoryColumn>): ImportedModel['source'] {
  const notes: string[] = [];
  if (file.objective === null) {
    notes.push('The objective was a custom function: the prediction is the raw score, as in LightGBM.');
  }
  if (file.averageOutput) {
    const iterations = file.trees.length / file.treesPerIteration;
    notes.push(
      `Random forest: raw scores are sums, predictions are made from the average of ${iterations} iterations.`,
    );
  }
  for (const [feature, column] of columns) {
    if (column.boolean)
      notes.push(`Feature ${file.featureNames[feature]} was boolean: it takes 1 for true, 0 for false.`);
  }
  return { format: 'lightgbm-text', formatVersion: file.version, objective: file.objective, notes };
}
