import { describe, expect, it } from 'vitest';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { stream } from '../pickle/files.ts';
import { modelFile, type PyInstance, pickle, pipelineOf, read, scaler } from './files.ts';

const UBJ = modelFile('xgboost-3.3.0/binary_logistic/model.ubj');
const JSON_MODEL = modelFile('xgboost-1.7.4/binary_logistic/model.json');
const ROW = [0.5, -1, 2, 0.1, 0.3, -0.7, 1.1, 0.9, 0.2, 0.4];

/** A key of UBJSON: its length in 8 bytes, then its letters. */
function key(text: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigInt64BE(BigInt(text.length));
  return stream('L', length, text);
}

/** What XGBoost pickles: a snapshot of parameters and model. */
function snapshot(model: Uint8Array): Buffer {
  return stream('{', key('Config'), '{', key('version'), '[]', '}', key('Model'), model, '}');
}

function classifier(handle: Uint8Array, state: PyInstance['state'] = {}): PyInstance {
  const booster: PyInstance = { type: 'xgboost.core.Booster', state: { handle } };
  return { type: 'xgboost.sklearn.XGBClassifier', state: { _Booster: booster, ...state } };
}

describe('wrappers of XGBoost', () => {
  const alone = importModel({ name: 'model.ubj', bytes: UBJ }).model;
  const row = alone.features.map((_, i) => ROW[i] ?? 0);

  it.each([
    ['a snapshot', snapshot(UBJ)],
    ['a model', UBJ],
  ])('%s scores as the file of the same model', (_, handle) => {
    const { model } = read(pickle(classifier(handle)));
    expect(evaluate(model, row).prediction).toEqual(evaluate(alone, row).prediction);
  });

  it('a snapshot in JSON, as before 2.1', () => {
    const text = Buffer.concat([Buffer.from('{"Config":{"a":[1]},"Model":'), JSON_MODEL, Buffer.from('}')]);
    const file = importModel({ name: 'model.json', bytes: JSON_MODEL }).model;
    expect(read(pickle(classifier(text))).model).toEqual(file);
  });

  it('take the names of the classes from the caller', () => {
    const { model } = read(pickle(classifier(UBJ)), { labels: ['no', 'yes'] });
    expect(model.output.classes?.labels).toEqual(['no', 'yes']);
  });

  it('stand behind other steps, with their own marker of missing values', () => {
    const wide = alone.features.length;
    const ones = { shape: [wide], numbers: new Array<number>(wide).fill(1) };
    const zeros = { shape: [wide], numbers: new Array<number>(wide).fill(0) };
    const identity = scaler({ mean_: zeros, scale_: ones, n_features_in_: wide });
    const root = pipelineOf(['scale', identity], ['model', classifier(snapshot(UBJ), { missing: -999 })]);
    const { model } = read(pickle(root));
    expect(evaluate(model, row).prediction).toMatchObject({ value: evaluate(alone, row).prediction.value });
    const marked = row.map((value, i) => (i === 0 ? -999 : value));
    const missing = row.map((value, i) => (i === 0 ? null : value));
    expect(evaluate(model, marked).prediction.value).toBe(evaluate(alone, missing).prediction.value);
  });

  it.each([
    ['a snapshot without a model', stream('{', key('Config'), '{}', '}')],
    ['bytes', Buffer.from('nonsense')],
    ['nothing', Buffer.alloc(0)],
  ])('%s is an error', (_, handle) => {
    expect(() => read(pickle(classifier(handle)))).toThrow(expect.objectContaining({ code: 'PGS_FILE' }));
  });
});

describe('wrappers of LightGBM', () => {
  it('take labels and names from the wrapper and its model', () => {
    const { model } = read(modelFile('sklearn-extra/1.9.1-lgbm/model.pkl'));
    expect(model.features.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    expect(model.output.classes?.labels).toEqual(['high', 'low', 'middle']);
  });

  it('leave out trees after the best iteration, unless all are asked for', () => {
    const text = modelFile('lightgbm-4.7.0/quantile/model.txt').toString('utf8');
    const booster: PyInstance = {
      type: 'lightgbm.basic.Booster',
      state: { handle: text, best_iteration: 3 },
    };
    const root = pickle({ type: 'lightgbm.sklearn.LGBMRegressor', state: { _Booster: booster } });
    const trees = (all: boolean) => {
      const { model } = read(root, all ? { allTrees: true } : {});
      return model.steps.flatMap((step) => (step.kind === 'tree-ensemble' ? step.trees : [])).length;
    };
    expect(trees(false)).toBe(3);
    expect(trees(true)).toBe(text.match(/^Tree=/gm)?.length);
  });
});
