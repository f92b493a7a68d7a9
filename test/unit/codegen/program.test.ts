import { describe, expect, test } from 'vitest';
import { loadProgram } from '../../../src/codegen/load-program.ts';
import { compileProgram } from '../../../src/codegen/program.ts';
import { type Link, type Model, registerLayout } from '../../../src/ir/model.ts';
import { ensemble, regression, stump, textClassifier } from '../ir/models.ts';

const softmaxModel: Model = {
  irVersion: 1,
  task: 'multiclass',
  features: [{ kind: 'number', name: 'x' }],
  steps: [
    ensemble([stump({ test: 0, threshold: 0 })], { outputs: 2, base: [0, 1] }),
    { kind: 'link', inputs: [1, 2], precision: 'float32', function: { name: 'softmax' } },
    { kind: 'link', inputs: [1, 2], precision: 'float32', function: { name: 'argmax' } } satisfies Link,
  ],
  output: {
    value: 5,
    raw: [1, 2],
    values: [2],
    classes: { labels: ['a', 'b'], predicted: 5, probabilities: [3, 4] },
  },
};

describe('compileProgram', () => {
  test('says where each output stands', async () => {
    const program = await compileProgram(softmaxModel);
    expect(program.outputs).toEqual({
      value: 0,
      predicted: 1,
      raw: { start: 2, end: 4 },
      values: { start: 4, end: 5 },
      probabilities: { start: 5, end: 7 },
      length: 7,
    });
    const outputs = loadProgram(program).outputs([1]);
    const probability = 1 / (1 + Math.exp(-19));
    expect(outputs.slice(0, 5)).toEqual([0, 0, 20, 1, 1]);
    expect(outputs[5]).toBeCloseTo(probability, 7);
    expect(Math.fround(outputs[6]!)).toBe(outputs[6]);
  });

  test('gives NaN for the class of a model without classes', async () => {
    const program = await compileProgram(regression([ensemble([stump({ test: 0, threshold: 0 })])]));
    expect(loadProgram(program).outputs([1])).toEqual([20, Number.NaN, 20]);
  });

  test('gives plain arrays, which every engine can return', async () => {
    const program = await compileProgram(softmaxModel);
    expect(Array.isArray(loadProgram(program).outputs([1]))).toBe(true);
  });

  test('takes null and undefined as missing, not as 0', async () => {
    const program = await compileProgram(regression([ensemble([stump({ test: 1, threshold: 5 })])]));
    const { value } = loadProgram(program);
    expect([value([0]), value([null]), value([Number.NaN]), value([])]).toEqual([10, 20, 20, 20]);
  });

  test('has arguments only for features that decide something', async () => {
    const model = regression([ensemble([stump({ feature: 1, test: 0, threshold: 0 })], {}, 3)], 3);
    expect((await compileProgram(model)).arguments).toEqual([{ feature: 1 }]);
  });

  test('takes a text feature as the code of each encoding that is used', async () => {
    const model = textClassifier();
    const program = await compileProgram(model);
    expect(program.arguments).toEqual([{ feature: 0, step: 0 }]);
    const { value } = loadProgram(program);
    expect(value([0])).toBeCloseTo(1 / (1 + Math.exp(1)), 12);
    expect(value([null])).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  });

  test('takes a text feature as its text where a step reads it, and as codes beside', async () => {
    const model: Model = {
      ...textClassifier(),
      steps: [...textClassifier().steps, { kind: 'hash-text', input: 0, missing: -1 }],
    };
    const hash = registerLayout(model).size - 1;
    const program = await compileProgram({ ...model, output: { ...model.output, raw: [hash] } });
    expect(program.arguments).toEqual([
      { feature: 0, step: 0 },
      { feature: 0, text: true },
    ]);
    const { outputs } = loadProgram(program);
    expect([outputs([0, 'alpha'])[2], outputs([0, null])[2]]).toEqual([1296865003, -1]);
    const unused = await compileProgram(model);
    expect(unused.arguments).toEqual([{ feature: 0, step: 0 }]);
  });

  test('has no code for what a model does not use', async () => {
    const { code } = await compileProgram(regression([ensemble([stump({ test: 0, threshold: 0 })])]));
    expect(code).not.toContain('Math.trunc');
    expect(code).not.toContain('Math.exp');
    const encoded = await compileProgram({
      ...textClassifier(),
      features: [{ kind: 'number', name: 'colour' }, textClassifier().features[1]!],
      steps: [
        { kind: 'encode-category', input: 0, categories: [7, 9], missing: 0, unknown: -1 },
        ...textClassifier().steps.slice(1),
      ],
    });
    expect(encoded.code).toContain('Math.exp');
  });

  test('gives the same text for the same model, and its hash', async () => {
    const [first, second] = await Promise.all([compileProgram(softmaxModel), compileProgram(softmaxModel)]);
    expect(first.code).toBe(second.code);
    expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(first.hash).toBe(second.hash);
    const other = await compileProgram({ ...softmaxModel, output: { ...softmaxModel.output, value: 1 } });
    expect(other.hash).not.toBe(first.hash);
  });
});
