import { describe, expect, it } from 'vitest';
import type { ImportOptions } from '../../../../src/import/importer.ts';
import { type FileSpec, fileOf, importFile, oblivious, predict } from './files.ts';

/** A model whose raw scores are `raw` for every row. */
function constant(loss: string | null, raw: readonly number[], info: Record<string, unknown> = {}): FileSpec {
  return { loss, info, floats: [{ borders: [] }], trees: [oblivious([], raw)] };
}

function first(spec: FileSpec, options: ImportOptions = {}) {
  return predict(spec, [[0]], options)[0]!;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('losses', () => {
  it.each(['RMSE', 'MAE', 'Quantile', 'YetiRank', 'Cox'])('%s predicts the raw score', (loss) => {
    expect(first(constant(loss, [0.7]))).toMatchObject({ value: 0.7, raw: [0.7], label: null });
  });

  it.each(['Poisson', 'Tweedie'])('%s predicts exp(raw)', (loss) => {
    expect(first(constant(loss, [0.7]))).toMatchObject({ value: Math.exp(0.7), raw: [0.7] });
  });

  it.each(['Logloss', 'CrossEntropy'])('%s predicts sigmoid(raw)', (loss) => {
    const p = sigmoid(0.7);
    expect(first(constant(loss, [0.7]))).toMatchObject({
      value: p,
      label: '1',
      probabilities: { 0: 1 - p, 1: p },
    });
  });

  it('Logloss compares the raw score with that of the threshold', () => {
    // A raw score of 1e-17 is greater than 0, though its probability rounds to 0.5.
    expect(first(constant('Logloss', [1e-17])).label).toBe('1');
    expect(first(constant('Logloss', [0])).label).toBe('0');
    // -log(1 / 0.75 - 1) = log(3) = 1.0986…
    const info = { binclass_probability_threshold: '0.75' };
    expect(first(constant('Logloss', [1.09], info)).label).toBe('0');
    expect(first(constant('Logloss', [1.1], info)).label).toBe('1');
  });

  it('MultiClass predicts the softmax', () => {
    const terms = [1, 3, 2].map((x) => Math.exp(x - 3));
    const sum = terms[0]! + terms[1]! + terms[2]!;
    expect(first(constant('MultiClass', [1, 3, 2]))).toMatchObject({
      value: 1,
      label: '1',
      probabilities: { 0: terms[0]! / sum, 1: terms[1]! / sum, 2: terms[2]! / sum },
    });
  });

  it('MultiClassOneVsAll predicts the sigmoid of each', () => {
    expect(first(constant('MultiClassOneVsAll', [1, 3]))).toMatchObject({
      label: '1',
      probabilities: { 0: sigmoid(1), 1: sigmoid(3) },
    });
  });

  it('MultiLogloss gives the probability of each label', () => {
    expect(first(constant('MultiLogloss', [1, 3])).values).toEqual([sigmoid(1), sigmoid(3)]);
  });

  it('RMSEWithUncertainty gives mean and variance', () => {
    expect(first(constant('RMSEWithUncertainty', [1, 0.5])).values).toEqual([1, Math.exp(1)]);
  });

  it('is guessed where the file states none', () => {
    const { model, source } = importFile(fileOf(constant(null, [1])));
    expect(model.task).toBe('regression');
    expect(source.notes).toEqual(['The file states no loss: it is scored as one of RMSE.']);
  });

  it('refuses a loss of which only its author knows the meaning', () => {
    expect(() => first(constant('PythonUserDefinedPerObject', [1]))).toThrow(
      expect.objectContaining({
        code: 'PGS_UNSUPPORTED',
        message: expect.stringContaining("unknown loss 'PythonUserDefinedPerObject'"),
      }),
    );
  });
});

describe('class names', () => {
  const classParams = (names: readonly unknown[]) => ({
    class_params: { class_names: names, class_to_label: [0, 1] },
  });

  it.each([
    [['no', 'yes'], 'yes'],
    [[3, 7], '7'],
    [[0.5, 1.5], '1.5'],
    [[false, true], 'True'],
  ])('%j come from class_params', (names, label) => {
    expect(first(constant('Logloss', [1], classParams(names))).label).toBe(label);
  });

  it('come from the parameters of training in older files', () => {
    const params = {
      loss_function: { type: 'Logloss' },
      data_processing_options: { class_names: ['n', 'y'] },
    };
    expect(first(constant(null, [1], { params })).label).toBe('y');
  });

  it('are those of the classes that training met', () => {
    const info = { class_params: { class_names: ['a', 'b', 'c'], class_to_label: [0, 2] } };
    expect(first(constant('MultiClass', [0, 1], info)).label).toBe('c');
  });

  it('give way to those of the options', () => {
    expect(
      first(constant('Logloss', [1], classParams(['no', 'yes'])), { labels: ['stays', 'churns'] }).label,
    ).toBe('churns');
    expect(() => first(constant('RMSE', [1]), { labels: ['a'] })).toThrow(
      expect.objectContaining({ code: 'PGS_USAGE', message: expect.stringContaining('is no classifier') }),
    );
  });
});
