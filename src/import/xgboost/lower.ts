import { PgscoreError } from '../../errors.ts';
import type { Register, TreeEnsemble } from '../../ir/model.ts';
import type { ImportedModel, ImportOptions } from '../importer.ts';
import { Program } from '../program.ts';
import { floorCodes, lowerCategories, lowerFeatures } from './lower-features.ts';
import { lowerOutput, MAX_EXPECTILES } from './lower-output.ts';
import { lowerTree } from './lower-tree.ts';
import { OBJECTIVES, type Objective, parseBaseScore, toMargins } from './objective.ts';
import { corrupt, type Origin } from './origin.ts';
import { shorten } from './reader.ts';
import type { LinearBooster, TreeBooster, XgboostFile } from './scan.ts';

/** What a file means, as IR. Throws PgscoreError: PGS_FILE, PGS_UNSUPPORTED, PGS_USAGE for options that do not fit. */
export function lower(file: XgboostFile, origin: Origin, options: ImportOptions): ImportedModel {
  const objective = OBJECTIVES.get(file.objective);
  if (objective === undefined) throw unknownObjective(file, origin);
  if (objective.link === 'expectiles' && file.outputs > MAX_EXPECTILES) {
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${origin.name}: ${file.outputs} expectiles; at most ${MAX_EXPECTILES} are supported.`,
    );
  }
  const notes: string[] = [];
  const features = lowerFeatures(file, origin, options);
  const program = new Program(features.length, 'float32');
  const inputs = lowerCategories(file, features, program);
  const base = lowerBase(file, objective, origin);
  const margins =
    file.booster.kind === 'trees'
      ? program.add(lowerTrees(file, file.booster, { inputs, base, origin, options, notes, program }))
      : lowerLinear(file, file.booster, { inputs, base, origin }, program);
  const { task, output } = lowerOutput(
    program,
    objective,
    margins,
    lowerLabels(file, objective, origin, options),
  );
  notes.push(...outputNotes(file, objective));
  return {
    model: { irVersion: 1, task, features, steps: program.steps, output },
    source: { format: origin.format, formatVersion: file.version, objective: file.objective, notes },
  };
}

function unknownObjective(file: XgboostFile, origin: Origin): PgscoreError {
  return new PgscoreError(
    'PGS_UNSUPPORTED',
    `${origin.name}: unknown objective '${shorten(file.objective)}'. Known: ${[...OBJECTIVES.keys()].join(', ')}.`,
    {
      hint: 'XGBoost itself refuses to load this file: what turns its margins into predictions is not in it.',
    },
  );
}

function outputNotes(file: XgboostFile, objective: Objective): string[] {
  const notes: string[] = [];
  if (objective.task === 'binary' && file.outputs > 1) {
    notes.push(`The model gives ${file.outputs} labels at once: \`values\` holds the prediction of each.`);
  } else if (file.objective === 'binary:logitraw') {
    notes.push(
      'binary:logitraw predicts the score before the logistic function; probabilities are given beside it.',
    );
  }
  return notes;
}

/** One margin an output, in float32. XGBoost 3.2 began to clamp. */
function lowerBase(file: XgboostFile, objective: Objective, origin: Origin): number[] {
  const scores = parseBaseScore(file.baseScore);
  if (scores.length !== 1 && scores.length !== file.outputs)
    throw corrupt(origin, `base_score has ${scores.length} numbers, but the model ${file.outputs} outputs`);
  const all = scores.length === 1 ? new Array<number>(file.outputs).fill(scores[0]!) : scores;
  const [major = 0, minor = 0] = (file.version ?? '').split('.').map(Number);
  const margins = toMargins(all, objective.intercept, major > 3 || (major === 3 && minor >= 2));
  if (!margins.every(Number.isFinite))
    throw corrupt(origin, `base_score is '${shorten(file.baseScore)}', which ${file.objective} cannot have`);
  return margins;
}

interface Ground {
  readonly inputs: readonly Register[];
  readonly base: readonly number[];
  readonly origin: Origin;
}

function lowerTrees(
  file: XgboostFile,
  booster: TreeBooster,
  ground: Ground & {
    readonly options: ImportOptions;
    readonly notes: string[];
    readonly program: Program;
  },
): TreeEnsemble {
  const { base, origin, options, notes, program } = ground;
  const used = booster.trees.slice(0, treesToUse(file, booster, { origin, options, notes }));
  const { inputs, categoryInputs } = floorCodes(used, ground.inputs, program);
  return {
    kind: 'tree-ensemble',
    inputs,
    inputPrecision: 'float32',
    comparison: '<',
    accumulator: 'float32',
    outputs: file.outputs,
    base,
    trees: used.map((tree, t) => {
      const fail = (message: string): never => {
        throw corrupt(origin, `in tree ${t}, ${message}`);
      };
      const output = booster.treeInfo[t]!;
      if (output < 0 || output >= file.outputs) fail(`tree_info names output ${output} of ${file.outputs}`);
      const weight = booster.weights?.[t] ?? 1;
      if (Number.isNaN(weight)) fail('the weight is NaN');
      const { features, outputs } = file;
      return lowerTree(tree, { features, categoryInputs, outputs, output, weight, fail });
    }),
  };
}

/**
 * How many trees, from the first, score. Early stopping leaves its best iteration in the file, and XGBoost's
 * scikit-learn estimators predict with the trees up to it.
 */
function treesToUse(
  file: XgboostFile,
  booster: TreeBooster,
  context: { readonly origin: Origin; readonly options: ImportOptions; readonly notes: string[] },
): number {
  const { origin, options, notes } = context;
  const all = booster.trees.length;
  const best = file.attributes.get('best_iteration');
  if (best === undefined || options.allTrees === true) return all;
  const starts = iterationStarts(booster, origin);
  const iterations = starts.length - 1;
  if (!/^\d{1,9}$/.test(best) || Number(best) >= iterations) {
    throw corrupt(
      origin,
      `best_iteration is '${shorten(best)}', but there are ${iterations} iterations`,
      'Import it with all trees, or save it again from the estimator that was trained.',
    );
  }
  const end = Number(best) + 1;
  const used = starts[end]!;
  if (used < all) {
    notes.push(
      `Early stopping found the best iteration at ${best}: the first ${end} of ${iterations} iterations are used (${used} of ${all} trees).`,
    );
  }
  return used;
}

/** Before 2.0 the file does not say where iterations start: each has num_parallel_tree trees an output. */
function iterationStarts(booster: TreeBooster, origin: Origin): ArrayLike<number> {
  const all = booster.trees.length;
  const stated = booster.iterationStarts;
  if (stated !== undefined) {
    const sound =
      stated[0] === 0 && stated.at(-1) === all && stated.every((s, i) => i === 0 || s >= stated[i - 1]!);
    if (!sound) throw corrupt(origin, 'iteration_indptr does not run from 0 to the number of trees');
    return stated;
  }
  const groups = booster.treeInfo.reduce((a, b) => Math.max(a, b), 0) + 1;
  const each = groups * booster.parallelTrees;
  return Array.from({ length: Math.floor(all / each) + 1 }, (_, i) => i * each);
}

/**
 * bias + base first, then the features in order; a missing one is left out. XGBoost adds the first output's base
 * score to every output. https://github.com/dmlc/xgboost/blob/v3.3.0/src/gbm/gblinear.cc
 */
function lowerLinear(
  file: XgboostFile,
  booster: LinearBooster,
  ground: Ground,
  program: Program,
): Register[] {
  const { features, outputs } = file;
  const { weights } = booster;
  if (weights.length !== (features + 1) * outputs) {
    const shape = `${features} features, a bias and ${outputs} outputs need ${(features + 1) * outputs}`;
    throw corrupt(ground.origin, `there are ${weights.length} weights, but ${shape}`);
  }
  if (weights.some((weight) => Number.isNaN(weight))) throw corrupt(ground.origin, 'a weight is NaN');
  const outputsOf = Array.from({ length: outputs }, (_, q) => q);
  const step = {
    kind: 'linear',
    inputs: ground.inputs,
    inputPrecision: 'float32',
    accumulator: 'float32',
    weights: outputsOf.map((q) => Array.from({ length: features }, (_, k) => weights[k * outputs + q]!)),
    bias: outputsOf.map((q) => Math.fround(weights[features * outputs + q]! + ground.base[0]!)),
    missing: 'skip',
  } as const;
  return program.add(step);
}

function lowerLabels(
  file: XgboostFile,
  objective: Objective,
  origin: Origin,
  options: ImportOptions,
): readonly string[] {
  const several = file.outputs > 1;
  const classes =
    objective.task === 'multiclass' ? file.outputs : objective.task === 'binary' && !several ? 2 : 0;
  const given = options.labels;
  if (given === undefined) return Array.from({ length: classes }, (_, i) => String(i));
  if (given.length !== classes || new Set(given).size !== classes) {
    const has = classes === 0 ? 'is no classifier' : `has ${classes} classes, each of another name`;
    throw new PgscoreError(
      'PGS_USAGE',
      `${origin.name}: ${given.length} labels were given, but the model ${has}.`,
      { hint: 'Give one label a class, in the order of the class numbers.' },
    );
  }
  return given;
}
