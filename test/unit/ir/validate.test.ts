import { describe, expect, it } from 'vitest';
import type { Tree } from '../../../src/ir/model.ts';
import { MAX_VIOLATIONS, validate } from '../../../src/ir/validate.ts';
import { ensemble, NO_SPLITS, regression, stump, textClassifier } from './models.ts';

/** A copy of the value with the property at the path replaced; undefined removes it. */
function change(value: unknown, path: string, to: unknown): unknown {
  const copy = structuredClone(value);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const last = keys.pop()!;
  let holder = copy as Record<string, unknown>;
  for (const key of keys) holder = holder[key] as Record<string, unknown>;
  if (to === undefined) delete holder[last];
  else holder[last] = to;
  return copy;
}

const trees = regression([
  ensemble([stump({ test: 0, threshold: 1 }), stump({ test: 5, threshold: 0, sets: [[1, 4]] })]),
]);

/** A tree that is a chain of `depth` splits to the right. */
function chain(depth: number): Tree {
  const indices = Array.from({ length: depth }, (_, i) => i);
  return {
    output: 0,
    weight: 1,
    splits: {
      feature: indices.map(() => 0),
      test: indices.map(() => 0 as const),
      threshold: indices,
      left: indices.map((i) => -1 - i),
      right: indices.map((i) => (i + 1 < depth ? i + 1 : -1 - depth)),
      sets: [],
    },
    leaves: Array.from({ length: depth + 1 }, (_, i) => i),
  };
}

describe('validate', () => {
  it('passes sound models', () => {
    expect(validate(trees)).toEqual([]);
    expect(validate(textClassifier())).toEqual([]);
    const leaf: Tree = { output: 0, weight: 1, splits: NO_SPLITS, leaves: [1] };
    expect(validate(regression([ensemble([leaf])]))).toEqual([]);
    expect(validate(regression([ensemble([stump({ test: 0, threshold: -Infinity })])]))).toEqual([]);
  });

  it('takes any value at all', () => {
    for (const value of [undefined, null, 1, 'model', [], () => 1, Symbol('x')]) {
      expect(validate(value)).toEqual([{ path: '', message: expect.stringContaining('Must be an object') }]);
    }
    expect(validate({}).map((v) => v.path)).toEqual(['irVersion', 'task', 'features', 'steps', 'output']);
  });

  const broken: readonly (readonly [string, unknown, unknown])[] = [
    // features
    ['features', regression([], 1, 0), []],
    ['features[0]', trees, null],
    ['features[0].kind', trees, 'date'],
    ['features[0].name', trees, 7],
    ['features[1].name', textClassifier(), 'colour'],
    ['features[0].categories', textClassifier(), undefined],
    ['features[0].categories[1]', textClassifier(), 'red'],
    ['features[1].categories[0]', textClassifier(), Number.NaN],
    ['features[1].integer', textClassifier(), 'yes'],
    // registers: not before the step, not whole, not a number register
    ['steps[0].input', textClassifier(), 2],
    ['steps[0].input', textClassifier(), -1],
    ['steps[0].input', textClassifier(), 0.5],
    ['steps[1].inputs[0]', textClassifier(), 3],
    ['steps[1].inputs[0]', textClassifier(), 0],
    ['steps[2].inputs[0]', textClassifier(), 4],
    ['output.value', textClassifier(), 7],
    ['output.value', textClassifier(), 0],
    ['output.raw', textClassifier(), []],
    ['output.raw[0]', textClassifier(), '3'],
    ['output.classes.predicted', textClassifier(), 99],
    ['output.classes.probabilities[1]', textClassifier(), 99],
    ['output.classes.probabilities', textClassifier(), [5]],
    ['output.classes.labels', textClassifier(), ['a', 'b', 'c']],
    ['output.classes.labels[1]', textClassifier(), 'no'],
    // encoding
    ['steps[0].categories[1]', textClassifier(), 'red'],
    ['steps[0].categories[1]', textClassifier(), 5],
    ['steps[0].missing', textClassifier(), null],
    // links
    ['steps[2].function.name', textClassifier(), 'tanh'],
    ['steps[2].function.scale', textClassifier(), Infinity],
    ['steps[2].inputs', textClassifier(), []],
    ['steps[2].precision', textClassifier(), 'float16'],
    [
      'steps[3].function.divisor',
      change(textClassifier(), 'steps[3].function', { name: 'divide', divisor: 2 }),
      0,
    ],
    ['steps[0].kind', trees, 'forest'],
    // ensembles
    ['steps[0].base', trees, [0, 0]],
    ['steps[0].base[0]', trees, Number.NaN],
    ['steps[0].outputs', trees, 0],
    ['steps[0].comparison', trees, '>'],
    ['steps[0].inputPrecision', trees, 'int8'],
    ['steps[0].accumulator', trees, undefined],
    ['steps[0].trees[0].output', trees, 1],
    ['steps[0].trees[0].weight', trees, Number.NaN],
    ['steps[0].trees[0].leaves', trees, [1]],
    ['steps[0].trees[0].leaves[1]', trees, Number.NaN],
    ['steps[0].trees[1].splits.feature[0]', trees, 1],
    ['steps[0].trees[0].splits.test[0]', trees, 7],
    ['steps[0].trees[0].splits.threshold[0]', trees, Number.NaN],
    ['steps[0].trees[0].splits.threshold', trees, [1, 2]],
    ['steps[0].trees[0].splits.left', trees, undefined],
    ['steps[0].trees[1].splits.threshold[0]', trees, 1],
    ['steps[0].trees[1].splits.sets[0][1]', trees, 1],
    ['steps[0].trees[1].splits.sets[0][0]', trees, -1],
    ['steps[0].trees[1].splits.sets[0][1]', trees, 2 ** 31],
    ['steps[0].trees[0].splits.left[0]', trees, 1],
    ['steps[0].trees[0].splits.left[0]', trees, -3],
    ['steps[0].trees[0].splits.right[0]', trees, -1],
    ['steps[0].trees[0].splits.left[0]', trees, 0],
  ];
  it.each(broken)('finds the fault at %s', (path, model, to) => {
    expect(validate(model).map((v) => v.path)).not.toContain(path);
    expect(validate(change(model, path, to)).map((v) => v.path)).toContain(path);
  });

  it('checks linear leaves', () => {
    const linear = { constant: [1, 2], features: [[0], []], coefficients: [[2], []] };
    const model = regression([ensemble([stump({ test: 0, threshold: 1 }, { linear })])]);
    const at = 'steps[0].trees[0].linear';
    expect(validate(model)).toEqual([]);
    for (const [path, to] of [
      [`${at}.constant`, [1]],
      [`${at}.constant[0]`, Number.NaN],
      [`${at}.features`, [[0]]],
      [`${at}.features[0][0]`, 1],
      [`${at}.coefficients[0]`, [1, 2]],
      [`${at}.coefficients[0][0]`, Number.NaN],
    ] as const) {
      expect(validate(change(model, path, to)).map((v) => v.path)).toContain(path);
    }
    expect(validate(change(model, 'steps[0].trees[0].output', 'all')).map((v) => v.path)).toContain(at);
  });

  it('checks linear steps', () => {
    const model = regression([
      {
        kind: 'linear',
        inputs: [0],
        inputPrecision: 'float32',
        accumulator: 'float32',
        weights: [[2]],
        bias: [1],
        missing: 'skip',
      },
    ]);
    expect(validate(model)).toEqual([]);
    for (const [path, to] of [
      ['steps[0].weights', []],
      ['steps[0].weights[0]', [1, 2]],
      ['steps[0].weights[0][0]', Number.NaN],
      ['steps[0].bias', []],
      ['steps[0].bias[0]', 'one'],
      ['steps[0].missing', 'zero'],
    ] as const) {
      expect(validate(change(model, path, to)).map((v) => v.path)).toContain(path);
    }
  });

  it('finds a cycle that is detached from the root', () => {
    const tree = chain(4);
    // 0 -> leaves 0 and 4; 1 -> leaf 1, 2; 2 -> leaf 2, 3; 3 -> leaf 3, 1: every node is named once
    const splits = { ...tree.splits, right: [-5, 2, 3, 1] };
    const violations = validate(regression([ensemble([{ ...tree, splits }])]));
    expect(violations.map((v) => v.message)).toContain('split 1 is never reached from the root.');
  });

  it('reports all violations together', () => {
    const model = change(change(trees, 'task', 'guess'), 'output.value', 9);
    expect(validate(change(model, 'steps[0].trees[1].leaves', [])).map((v) => v.path)).toEqual([
      'task',
      'steps[0].trees[1].leaves',
      'output.value',
    ]);
  });

  it('says a sentence with what was found', () => {
    expect(validate(change(trees, 'steps[0].trees[1].splits.feature[0]', 3))).toEqual([
      { path: 'steps[0].trees[1].splits.feature[0]', message: 'Must be an input below 1, but is 3.' },
    ]);
  });

  it('caps the list for a huge broken model', () => {
    const tree = chain(50_000);
    const violations = validate(
      regression([ensemble([{ ...tree, leaves: tree.leaves.map(() => Number.NaN) }])]),
    );
    expect(violations).toHaveLength(MAX_VIOLATIONS + 1);
    expect(violations.at(-1)?.message).toContain(`More than ${MAX_VIOLATIONS}`);
  });

  it('takes a tree that is 100,000 splits deep', () => {
    expect(validate(regression([ensemble([chain(100_000)])]))).toEqual([]);
  });
});
