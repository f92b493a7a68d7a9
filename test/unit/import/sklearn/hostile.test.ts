import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { modelFile, type PyInstance, pickle, pipelineOf, read, regression, scaler } from './files.ts';

function refusal(bytes: Uint8Array): PgscoreError {
  // Of this process: a busy machine makes it no longer.
  const started = process.cpuUsage();
  try {
    read(bytes);
  } catch (error) {
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5);
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  throw new Error('The model was read.');
}

describe('estimators that hold each other', () => {
  it('a pipeline in itself', () => {
    const root = { ...pipelineOf(['inner', { ref: 1 }]), id: 1 };
    expect(refusal(pickle(root)).message).toMatch(/nests more estimators|how many features/);
  });

  it('a pipeline in itself behind a step that says what columns there are', () => {
    const root = { ...pipelineOf(['scale', scaler()], ['inner', { ref: 1 }]), id: 1 };
    expect(refusal(pickle(root)).message).toContain('nests more estimators');
  });

  it('unions of a union twice, forty levels deep', () => {
    let inner: PyInstance = scaler({}, 0);
    for (let level = 1; level <= 35; level++) {
      const list = [
        ['a', inner],
        ['b', { ref: level - 1 }],
      ] as const;
      inner = { type: 'sklearn.pipeline.FeatureUnion', state: { transformer_list: list }, id: level };
    }
    expect(refusal(pickle(inner))).toMatchObject({ code: 'PGS_UNSUPPORTED' });
  });

  it('one great estimator a thousand times', () => {
    const width = 50_000;
    const coef_ = { shape: [width], numbers: new Array<number>(width).fill(1) };
    const member = { ...regression({ coef_, n_features_in_: width }), id: 5 };
    const estimators_ = [member, ...Array.from({ length: 2000 }, () => ({ ref: 5 }))];
    const root: PyInstance = {
      type: 'sklearn.multioutput.MultiOutputRegressor',
      state: { estimators_, n_features_in_: width },
    };
    expect(refusal(pickle(root)).message).toContain('constants');
  });
});

describe('trees that are none', () => {
  const bytes = modelFile('sklearn-1.9.1/dt_reg/model.pkl');

  it('children out of range, or in a circle', () => {
    // The root's left child, then its right child.
    const nodes = bytes.indexOf(Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]), bytes.indexOf('missing_go_to_left'));
    for (const child of [0, 77777, -5]) {
      const changed = Buffer.from(bytes);
      changed.writeBigInt64LE(BigInt(child), nodes);
      expect(['PGS_FILE', 'PGS_IR']).toContain(refusal(changed).code);
    }
  });
});

describe('damaged models', () => {
  it.each([
    'sklearn-1.9.1/ct_lr/model.joblib',
    'sklearn-1.2.1/dt_f32_boundary/model.pkl',
    'sklearn-1.6.1/target_enc/model.pkl',
    'sklearn-1.9.1/svc_sigmoid/model.pkl',
    'sklearn-1.9.1/knn_clf_dist/model.pkl',
    'sklearn-extra/1.9.1-hist_codes/model.pkl',
    'sklearn-extra/1.9.1-stacking_binary/model.pkl',
    'sklearn-extra/1.9.1-union/model.pkl',
    'sklearn-extra/1.9.1-lgbm_pipeline/model.pkl',
  ])('%s with bytes changed gives a model or an error of ours', (path) => {
    const seed = modelFile(path);
    const change = fc.tuple(fc.nat(seed.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(seed);
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof PgscoreError)) throw error;
          expect(error.message).toContain('model.pkl');
        }
      }),
      { numRuns: 400 },
    );
  });

  it('cut off at every byte', () => {
    const bytes = modelFile('sklearn-1.9.1/logreg_str/model.pkl');
    for (let length = 1; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length)).code).toBe('PGS_FILE');
    }
  });
});
