import { describe, expect, it } from 'vitest';
import { type PyInstance, pickle, pipelineOf, read, regression, scaler } from './files.ts';

const REFUSED = { code: 'PGS_UNSUPPORTED' };
const DAMAGED = { code: 'PGS_FILE' };

function estimator(type: string, state: PyInstance['state'] = {}): PyInstance {
  return { type, state: { n_features_in_: 1, ...state } };
}

describe('what is not scored exactly is named, with its place and the nearest way', () => {
  it.each<[string, PyInstance, RegExp]>([
    [
      'an estimator in a pipeline',
      pipelineOf(
        ['scale', scaler()],
        ['clf', estimator('sklearn.neighbors._classification.RadiusNeighborsClassifier')],
      ),
      /step "clf" \(RadiusNeighborsClassifier\): is an estimator/,
    ],
    [
      'a transformer in a pipeline',
      pipelineOf(
        ['scale', scaler()],
        ['nmf', estimator('sklearn.decomposition._nmf.NMF')],
        ['model', regression()],
      ),
      /Pipeline, step "nmf" \(NMF\): is a transformer/,
    ],
    [
      'a class of another package',
      pipelineOf(['smote', scaler()], ['model', estimator('imblearn.ensemble._forest.BalancedForest')]),
      /BalancedForest/,
    ],
    [
      'a class of the same name elsewhere',
      pipelineOf(['scale', estimator('scipy.stats._fake.StandardScaler')], ['model', regression()]),
      /step "scale" \(StandardScaler\)/,
    ],
    [
      'a kernel of its own',
      estimator('sklearn.svm._classes.SVR', {
        ...{ kernel: 'precomputed', support_vectors_: { shape: [1, 1], numbers: [1] } },
        ...{ _dual_coef_: { shape: [1, 1], numbers: [1] }, _intercept_: { shape: [1], numbers: [0] } },
      }),
      /SVR: has a kernel other than/,
    ],
  ])('%s', (_, root, message) => {
    expect(() => read(pickle(root))).toThrow(
      expect.objectContaining({
        ...REFUSED,
        message: expect.stringMatching(message),
        hint: expect.stringContaining('ONNX'),
      }),
    );
  });

  it('an object that is no estimator', () => {
    expect(() => read(pickle([1, 2]))).toThrow(
      expect.objectContaining({ ...REFUSED, hint: expect.stringContaining('joblib.dump') }),
    );
    expect(() => read(pickle(estimator('sklearn.model_selection._split.KFold')))).toThrow(
      expect.objectContaining(REFUSED),
    );
  });
});

describe('objects that do not fit', () => {
  it.each<[string, PyInstance, RegExp]>([
    ['coefficients', regression({ coef_: { shape: [3], numbers: [1, 2, 3] } }), /shape \(3\)/],
    [
      'columns',
      pipelineOf(['a', scaler()], ['b', regression({ n_features_in_: 7 })]),
      /fitted with 7 columns/,
    ],
    [
      'an attribute that is missing',
      regression({ coef_: null }),
      /attribute coef_ should be an array, but is None/,
    ],
    ['an attribute of another kind', scaler({ mean_: 'zero' }), /attribute mean_/],
    ['a count', regression({ n_features_in_: -3 }), /-3/],
    ['a step', pipelineOf(['a', scaler()], ['b', 'text']), /step "b": should be an estimator/],
  ])('%s', (_, root, message) => {
    expect(() => read(pickle(root))).toThrow(
      expect.objectContaining({ ...DAMAGED, message: expect.stringMatching(message) }),
    );
  });
});
