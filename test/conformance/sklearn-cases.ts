import { readdirSync, statSync } from 'node:fs';
import type { ImportOptions } from '../../src/import/importer.ts';
import type { Prediction } from '../../src/ir/model.ts';
import { type Case, importCase, modelPath, type Row, readJson, readNumber } from './runner.ts';

type Cell = number | string | null;
type Numbers = Cell | readonly Cell[];

interface CaseFile {
  readonly class: string;
  readonly input?: readonly (readonly Cell[])[];
  readonly rows?: readonly (readonly Cell[] | string)[];
  readonly columns?: readonly string[];
  readonly predict?: readonly Numbers[];
  /** A row of classes' probabilities each; of several targets one such list each. */
  readonly predict_proba?: readonly (readonly Cell[])[] | readonly (readonly (readonly Cell[])[])[];
  readonly decision_function?: readonly Numbers[];
  readonly transform?: readonly Numbers[];
  readonly score_samples?: readonly Cell[];
}

export const VERSIONS = ['1.2.1', '1.6.1', '1.9.1'] as const;

/** Every fixture's family, for the report; a fixture that is in none fails the suite. */
export const FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'linear models': [
    ...[
      'bayesian_ridge',
      'gamma_reg',
      'lasso',
      'linear_svc',
      'linear_svc_bin',
      'linear_svr',
      'linreg',
      'logreg_bin',
    ],
    ...['logreg_str', 'passive_aggr', 'poisson_reg', 'quantile_reg', 'ridge_clf', 'sgd_clf_mh', 'sgd_reg'],
  ],
  'trees and forests': [
    ...[
      'digits_rf',
      'dt_f32_boundary',
      'dt_multiout',
      'dt_reg',
      'et_nan',
      'iforest',
      'rf_clf',
      'rf_clf_multi',
      'rf_nan',
    ],
  ],
  boosting: [
    ...[
      'ada_reg',
      'gb_clf_exp',
      'gb_clf_initlr',
      'gb_clf_multi',
      'gb_reg',
      'hgb_clf_multi',
      'hgb_reg',
      'hgb_reg_poisson',
    ],
  ],
  'naive Bayes and discriminants': ['bnb', 'cnb', 'gnb', 'nearest_centroid', 'qda'],
  'support vectors and kernels': ['gpr', 'kpca', 'nusvc', 'nusvr', 'ocsvm', 'rbfsampler_pipe', 'svc_sigmoid'],
  neighbours: ['knn_clf_dist', 'knn_imp', 'lof'],
  networks: ['mlp_clf', 'mlp_clf_bin'],
  'clusters and mixtures': ['gmm', 'kmeans', 'minibatch_kmeans'],
  preprocessing: [
    ...[
      'functf',
      'incpca',
      'isotonic',
      'kbins',
      'labelenc',
      'normalizer_l1',
      'normalizer_l2',
      'pca_whiten',
      'poly',
    ],
    ...['power_bc', 'power_yj', 'quantile_tf', 'robust', 'selfm', 'std', 'tsvd'],
  ],
  'pipelines and ensembles of any': [
    ...[
      'bagging_clf',
      'ct_lr',
      'ct_ordinal_rf',
      'multiout_clf',
      'multiout_reg',
      'ovo',
      'ovr',
      'pipe_scale_lr',
      'rfe',
    ],
    ...['stacking_clf', 'target_enc', 'ttr', 'voting_hard', 'voting_reg', 'voting_soft'],
  ],
  text: ['count_nb', 'tfidf_lr'],
};

/** Cases whose models are refused, and the words that say why. */
export const REFUSED: Readonly<Record<string, string>> = {
  targets_text: 'several targets at once, with texts for classes',
  lgbm_calibrated: 'raw scores here from LightGBM 4.7 on and probabilities before',
  '1.9.1/gb_clf_initlr': 'float32, with sums in an order that depends on the machine',
};

/**
 * Rows left out, since scikit-learn's answer depends on the machine: of the neighbours of knn_imp's row 8 the fourth to
 * seventh are equally far but for the last bits of a sum.
 */
const LEFT_OUT: Readonly<Record<string, readonly number[]>> = { knn_imp: [8] };

const EXACT = new Set([...FAMILIES['trees and forests']!, ...FAMILIES.boosting!]);
const LOOSE = new Set([...FAMILIES['support vectors and kernels']!, 'gmm']);

/** The same for what test/models/sklearn-extra adds. */
const EXACT_EXTRA = /^(tree_|forest_|extra_trees|gb_|hist_|iforest_|lgbm)/;
const LOOSE_EXTRA = /^(svc_|svr|mixture_|process_|kernel_|nystroem)/;

/** What the fixtures promise, as 1e-12, 1e-9 or 1e-7. */
export function toleranceOf(name: string): number {
  if (EXACT.has(name) || EXACT_EXTRA.test(name)) return 1e-12;
  return LOOSE.has(name) || LOOSE_EXTRA.test(name) ? 1e-7 : 1e-9;
}

export interface Fixture {
  readonly version: string;
  readonly name: string;
  /** Path below test/models. */
  readonly file: string;
}

/** Every model file of the fixtures, pickles and joblib files. */
export const fixtures: readonly Fixture[] = VERSIONS.flatMap((version) => {
  const folder = `sklearn-${version}`;
  return foldersIn(folder).flatMap((name) =>
    modelFilesIn(`${folder}/${name}`).map((file) => ({ version, name, file })),
  );
});

/** Estimators and options that the fixtures do not have, and other versions; folders are named version-case. */
export const extra: readonly Fixture[] = ['sklearn-extra', 'sklearn-versions'].flatMap((parent) =>
  foldersIn(parent).map((folder) => {
    const dash = folder.indexOf('-');
    const [file] = modelFilesIn(`${parent}/${folder}`);
    return { version: folder.slice(0, dash), name: folder.slice(dash + 1), file: file! };
  }),
);

function modelFilesIn(folder: string): readonly string[] {
  return readdirSync(modelPath(folder))
    .filter((file) => file.startsWith('model.'))
    .map((file) => `${folder}/${file}`);
}

function foldersIn(folder: string): readonly string[] {
  return readdirSync(modelPath(folder)).filter((name) =>
    statSync(modelPath(`${folder}/${name}`)).isDirectory(),
  );
}

export function refusalOf({ version, name }: Fixture): string | undefined {
  return REFUSED[name] ?? REFUSED[`${version}/${name}`];
}

export function readCase(fixture: Fixture): Case {
  const file = readJson<CaseFile>(fixture.file.replace(/[^/]+$/, 'case.json'));
  const options = optionsOf(file, fixture);
  const { features } = importCase({ file: fixture.file, options });
  const cells = file.input ?? file.rows!.map((row) => (typeof row === 'string' ? [row] : row));
  const rows = cells.map(
    (row): Row =>
      features.map((feature, i) => {
        const cell = row[file.columns === undefined ? i : file.columns.indexOf(feature.name)]!;
        return feature.kind === 'text' ? cell : readNumber(cell);
      }),
  );
  const compared = [...rows.keys()].filter((i) => LEFT_OUT[fixture.name]?.includes(i) !== true);
  return {
    name: `${fixture.version} ${fixture.name}${fixture.file.endsWith('joblib') ? ' (joblib)' : ''}`,
    file: fixture.file,
    recordedBy: `scikit-learn ${fixture.version}`,
    options,
    rows: compared.map((i) => rows[i]!),
    expected: compared.map((i) => ({ predicted: expectedOf(file, i) })),
    predicted: (prediction) => gotOf(file, prediction),
  };
}

/** Some classes tell nothing of their features, and before 1.0 most told no names. */
function optionsOf(file: CaseFile, fixture: Fixture): ImportOptions {
  if (NAMELESS.has(file.class)) return { features: file.input![0]!.map((_, i) => `x${i}`) };
  if (file.columns === undefined || !fixture.version.startsWith('0.')) return {};
  const [first] = importCase({ file: fixture.file }).features;
  return file.columns.includes(first!.name) ? {} : { features: file.columns };
}

const NAMELESS = new Set(['FunctionTransformer', 'DummyClassifier', 'DummyRegressor']);

function numbersOf(value: Numbers): readonly number[] {
  return (Array.isArray(value) ? value : [value]).map((cell) => readNumber(cell as Cell));
}

/** Detectors score samples beside a decision; mixtures have probabilities beside the score. */
function isDetector(file: CaseFile): boolean {
  return file.decision_function !== undefined && file.score_samples !== undefined;
}

function isClassifier(file: CaseFile): boolean {
  return (
    file.predict_proba !== undefined ||
    (file.decision_function !== undefined && !isDetector(file)) ||
    ONLY_LABELS.has(file.class)
  );
}

/** Classifiers that may give a class and nothing else. */
const ONLY_LABELS = new Set(['VotingClassifier', 'NearestCentroid', 'GaussianProcessClassifier']);

/** A class by its place among all that the case predicts; -1 for any other. */
function labelNumber(file: CaseFile, label: string | null): number {
  return [...new Set(file.predict!.map(String))].indexOf(String(label));
}

/** All numbers that scikit-learn gave for a row, in the order of gotOf. */
function expectedOf(file: CaseFile, i: number): readonly number[] {
  const at = (values: readonly Numbers[] | undefined) => (values === undefined ? [] : numbersOf(values[i]!));
  if (file.predict === undefined) return at(file.transform);
  if (isTargets(file)) return [...at(file.predict), ...targetAnswers(file, i)];
  const label = [labelNumber(file, String(file.predict[i]))];
  if (isDetector(file)) return [...label, ...at(file.decision_function), ...at(file.score_samples)];
  if (file.class === 'GaussianMixture')
    return [...at(file.predict), ...at(singleTarget(file)), ...at(file.score_samples)];
  if (isClassifier(file)) return [...label, ...at(singleTarget(file)), ...at(file.decision_function)];
  return [...at(file.predict), ...(isCluster(file) ? at(file.transform) : [])];
}

/** Classifiers of several targets, or of labels of which any number may hold. */
function isTargets(file: CaseFile): boolean {
  return Array.isArray(file.predict?.[0]) && (file.predict_proba ?? file.decision_function) !== undefined;
}

function targetAnswers(file: CaseFile, i: number): readonly number[] {
  const { predict_proba: probabilities } = file;
  if (probabilities === undefined) return numbersOf(file.decision_function![i]!);
  if (!isEachTarget(probabilities)) return numbersOf(probabilities[i]!);
  return probabilities.flatMap((target) => numbersOf(target[i]!));
}

function singleTarget({ predict_proba }: CaseFile): readonly Numbers[] | undefined {
  return predict_proba as readonly Numbers[] | undefined;
}

function isEachTarget(
  probabilities: NonNullable<CaseFile['predict_proba']>,
): probabilities is readonly (readonly (readonly Cell[])[])[] {
  return Array.isArray(probabilities[0]?.[0]);
}

/** scikit-learn gives a label's probability, and pgscore also that of its absence. */
function gotOfTargets(file: CaseFile, { values, raw }: Prediction): readonly number[] {
  const pairs = file.predict_proba !== undefined && !isEachTarget(file.predict_proba);
  return [...values!, ...(pairs ? raw.filter((_, k) => k % 2 === 1) : raw)];
}

function isCluster(file: CaseFile): boolean {
  return file.class.endsWith('KMeans');
}

function gotOf(file: CaseFile, prediction: Prediction): readonly (number | null)[] {
  const { value, values, label, raw } = prediction;
  const probabilities = file.predict_proba === undefined ? [] : Object.values(prediction.probabilities ?? {});
  if (file.predict === undefined) return values ?? [value];
  if (isTargets(file)) return gotOfTargets(file, prediction);
  if (isDetector(file)) return [labelNumber(file, label), value, ...raw];
  if (file.class === 'GaussianMixture') return [value, ...probabilities, ...raw];
  if (isClassifier(file)) {
    return [labelNumber(file, label), ...probabilities, ...(file.decision_function === undefined ? [] : raw)];
  }
  return isCluster(file) ? [value, ...raw] : (values ?? [value]);
}
