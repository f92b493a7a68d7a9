import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { modelFile, pickle, pipelineOf, predict, read, regression, scaler } from './files.ts';

const CUSTOMER = { age: 40, income: 3000, city: 'Oslo', plan: 'plus' };

describe('the signature', () => {
  it('takes names and kinds from the table that the pipeline was trained with', () => {
    const { model, source } = read(modelFile('telco/churn-logreg.pkl'));
    expect(model.features.length).toBe(19);
    expect(model.features.filter(({ kind }) => kind === 'number').map(({ name }) => name)).toEqual([
      ...['senior_citizen', 'tenure', 'monthly_charges', 'total_charges'],
    ]);
    const contract = model.features.find(({ name }) => name === 'contract');
    expect(contract).toEqual({
      kind: 'text',
      name: 'contract',
      categories: ['Month-to-month', 'One year', 'Two year'],
    });
    expect(source).toMatchObject({ format: 'sklearn-pickle', formatVersion: '1.9.1', objective: 'Pipeline' });
  });

  it('leaves out columns that the pipeline drops, and says so', () => {
    const { model, source } = read(modelFile('sklearn-extra/1.9.1-remainder_mask/model.pkl'));
    expect(model.features.map(({ name }) => name)).toEqual(['age', 'income', 'city', 'plan', 'visits']);
    expect(source.notes.join()).toContain('note');
  });

  it('names columns without names x0, x1, …, or as the caller says', () => {
    const bytes = modelFile('sklearn-1.9.1/linreg/model.pkl');
    expect(
      read(bytes)
        .model.features.map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(['x0', 'x1']);
    const names = Array.from({ length: 10 }, (_, i) => `feature ${i}`);
    expect(read(bytes, { features: names }).model.features.map(({ name }) => name)).toEqual(names);
    expect(() => read(bytes, { features: ['one'] })).toThrow(expect.objectContaining({ code: 'PGS_USAGE' }));
  });

  it('asks for names when the file does not say how many columns there are', () => {
    const type = 'sklearn.preprocessing._function_transformer.FunctionTransformer';
    const bytes = pickle({ type, state: { func: null } });
    expect(() => read(bytes)).toThrow(/how many features/);
    expect(read(bytes, { features: ['a', 'b'] }).model.features.length).toBe(2);
  });
});

describe('labels', () => {
  it.each([
    ['texts', 'sklearn-1.9.1/logreg_str', ['setosa', 'versicolor', 'virginica']],
    ['booleans', 'sklearn-extra/1.9.1-tree_booleans', ['False', 'True']],
    ['floats', 'sklearn-extra/1.9.1-tree_floats', ['0.0', '1.0']],
    ['integers', 'sklearn-1.9.1/rf_clf', ['0', '1']],
  ])('are str() of the classes: %s', (_, folder, labels) => {
    expect(read(modelFile(`${folder}/model.pkl`)).model.output.classes?.labels).toEqual(labels);
  });

  it("are the caller's when given", () => {
    const bytes = modelFile('sklearn-1.9.1/rf_clf/model.pkl');
    expect(read(bytes, { labels: ['stays', 'leaves'] }).model.output.classes?.labels).toEqual([
      'stays',
      'leaves',
    ]);
    expect(() => read(bytes, { labels: ['one'] })).toThrow(expect.objectContaining({ code: 'PGS_USAGE' }));
    expect(() => read(modelFile('sklearn-1.9.1/linreg/model.pkl'), { labels: ['a'] })).toThrow(
      /no classifier/,
    );
  });
});

describe('where scikit-learn raises an error, everything is NULL', () => {
  const nothing = { value: null, label: null };

  it('a missing number without an imputer', () => {
    expect(predict('sklearn-1.9.1/logreg_str/model.pkl', { x0: 1, x1: 2, x2: 3 })).toMatchObject(nothing);
    expect(predict('sklearn-1.9.1/gb_clf_multi/model.pkl', { x0: 1, x1: 2, x2: 3 })).toMatchObject(nothing);
    expect(predict('sklearn-1.9.1/svc_sigmoid/model.pkl', { x0: 1, x1: 2, x2: 3 })).toMatchObject(nothing);
  });

  it('an infinite number', () => {
    const row = { x0: Infinity, x1: 1, x2: 1, x3: 1 };
    expect(predict('sklearn-1.9.1/gnb/model.pkl', row)).toMatchObject(nothing);
  });

  it('a missing number before trees learned of them', () => {
    const row = { x0: 1, x1: null, x2: 1, x3: 1 };
    expect(predict('sklearn-1.2.1/rf_clf_multi/model.pkl', row)).toMatchObject(nothing);
    expect(predict('sklearn-1.9.1/rf_clf_multi/model.pkl', row).label).not.toBeNull();
  });

  it('an unknown category, where the encoder does not ignore it', () => {
    const known = predict('sklearn-extra/1.9.1-onehot_none/model.pkl', CUSTOMER);
    expect(known.label).not.toBeNull();
    const row = { ...CUSTOMER, city: 'Lima' };
    expect(predict('sklearn-extra/1.9.1-onehot_none/model.pkl', row)).toMatchObject(nothing);
  });
});

describe('NULL in a text column', () => {
  it('is a category of its own when training had it', () => {
    const path = 'sklearn-extra/1.9.1-onehot_none/model.pkl';
    const [none, oslo] = [predict(path, { ...CUSTOMER, city: null }), predict(path, CUSTOMER)];
    expect(none.value).not.toBeNull();
    expect(none.value).not.toBe(oslo.value);
  });

  it('is an unknown category otherwise', () => {
    const path = 'sklearn-extra/1.9.1-onehot_drop_first/model.pkl';
    const none = predict(path, { ...CUSTOMER, city: null });
    expect(none.value).toBe(predict(path, { ...CUSTOMER, city: 'Lima' }).value);
  });

  it('becomes the text that an imputer puts there', () => {
    const path = 'sklearn-extra/1.9.1-text_most_frequent/model.pkl';
    expect(predict(path, { ...CUSTOMER, city: null })).toEqual(predict(path, CUSTOMER));
  });
});

describe('what a prediction holds', () => {
  it('the score where there are no probabilities: the raw one of two classes, the predicted index of more', () => {
    const binary = read(modelFile('sklearn-1.9.1/linear_svc_bin/model.pkl')).model;
    expect(binary.task).toBe('binary');
    expect(binary.output.value).toBe(binary.output.raw[0]);
    expect(binary.output.classes?.probabilities).toBeUndefined();
    const multi = read(modelFile('sklearn-1.9.1/linear_svc/model.pkl')).model;
    expect(multi.task).toBe('multiclass');
    expect(multi.output.raw.length).toBe(3);
  });

  it("an outlier detector's decision, with scikit-learn's -1 and 1 as labels", () => {
    const { model } = read(modelFile('sklearn-1.9.1/iforest/model.pkl'));
    expect(model.task).toBe('anomaly');
    expect(model.output.classes?.labels).toEqual(['-1', '1']);
  });

  it('the columns of a transformer alone', () => {
    const { model, source } = read(modelFile('sklearn-1.9.1/std/model.pkl'));
    expect(model.task).toBe('regression');
    expect(model.output.values?.length).toBe(4);
    expect(source.notes.join()).toContain('transformer');
  });
});

it('a pipeline by hand: (x - 2) / 4 * 3 + 1.5', () => {
  const { model } = read(pickle(pipelineOf(['scale', scaler()], ['model', regression()])));
  expect(evaluate(model, [10]).prediction.value).toBe(7.5);
  expect(evaluate(model, [null]).prediction.value).toBeNull();
});

it('samplers of imbalanced-learn count in training only', () => {
  const sampler = { type: 'imblearn.over_sampling._smote.base.SMOTE', state: {} };
  const steps = [
    ['scale', scaler()],
    ['smote', sampler],
    ['model', regression()],
  ] as const;
  const { model } = read(pickle({ type: 'imblearn.pipeline.Pipeline', state: { steps } }));
  expect(evaluate(model, [10]).prediction.value).toBe(7.5);
});
