import { describe, expect, it } from 'vitest';
import { ModelJsonError, modelFromJson, modelToJson } from '../../../src/ir/json.ts';
import { ensemble, regression, stump, textClassifier } from './models.ts';

describe('model JSON', () => {
  it('gives every number back, specials included', () => {
    const leaves = [-0, 5e-324, 0.1, -Infinity, Infinity, Number.MAX_VALUE];
    const trees = leaves.map((leaf) => stump({ test: 0, threshold: leaf }, { leaves: [leaf, 1] }));
    const model = regression([ensemble(trees)]);
    const copy = modelFromJson(modelToJson(model));
    expect(copy).toStrictEqual(model);
    const first = copy.steps[0]!;
    expect(first.kind === 'tree-ensemble' && Object.is(first.trees[0]!.leaves[0], -0)).toBe(true);
  });

  it('gives texts back, also those that look like specials', () => {
    const model = textClassifier();
    const odd = {
      ...model,
      features: [
        { ...model.features[0]!, name: 'NaN' },
        { ...model.features[1]!, name: '-0' },
      ],
    };
    expect(modelFromJson(modelToJson(odd))).toStrictEqual(odd);
    expect(modelFromJson(modelToJson(model))).toStrictEqual(model);
  });

  it('leaves no number that jsonb would change', () => {
    const text = modelToJson(regression([ensemble([stump({ test: 0, threshold: -0 })], { base: [-0] })]));
    expect(text).toContain('"threshold":[{"float":"-0"}]');
    expect(text).toContain('"base":[{"float":"-0"}]');
  });

  it.each([
    ['', 'no JSON'],
    ['{"irVersion":1', 'no JSON'],
    ['[]', 'no sound model'],
    ['{"irVersion":2}', 'irVersion: Must be 1, but is 2.'],
    ['{"a":{"float":"1.5"}}', 'is no number'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'nested deeper'],
  ])('refuses %.20s', (text, message) => {
    expect(() => modelFromJson(text)).toThrow(ModelJsonError);
    expect(() => modelFromJson(text)).toThrow(message);
  });

  it('hands out the violations', () => {
    const text = modelToJson({ ...textClassifier(), features: [] });
    try {
      modelFromJson(text);
      expect.unreachable();
    } catch (error) {
      expect((error as ModelJsonError).violations.map((v) => v.path)).toContain('features');
    }
  });
});
