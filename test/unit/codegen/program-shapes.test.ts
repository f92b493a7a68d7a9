import { describe, expect, test } from 'vitest';
import { type Model, type Splits, SplitTest, type Tree } from '../../../src/ir/model.ts';
import { ensemble, NO_SPLITS, regression, stump } from '../ir/models.ts';
import { bothResults } from './programs.ts';

/** Rows of one number each, from -1 to 1 and beyond. */
const ROWS = [-1e9, -1, -0.501, -0.1, 0, 0.1, 0.25, 0.7, 1, 1e9, Number.NaN].map((x) => [x]);

async function expectAgreement(model: Model, rows: readonly (readonly (number | null)[])[] = ROWS) {
  for (const { program, evaluator } of await bothResults(model, rows)) expect(program).toEqual(evaluator);
}

function tree(splits: Partial<Splits>, leaves: number[], output: Tree['output'] = 0): Tree {
  return { output, weight: 1, splits: { ...NO_SPLITS, ...splits }, leaves };
}

/** x <= threshold ends in a leaf, all else goes on: as deep as there are thresholds. */
function chain(thresholds: readonly number[]): Tree {
  const n = thresholds.length;
  return tree(
    {
      feature: thresholds.map(() => 0),
      test: thresholds.map(() => SplitTest.nanRight),
      threshold: thresholds,
      left: thresholds.map((_, s) => -1 - s),
      right: thresholds.map((_, s) => (s + 1 < n ? s + 1 : -1 - n)),
    },
    Array.from({ length: n + 1 }, (_, leaf) => leaf / 3),
  );
}

/** A balanced tree over feature 0 of 2^depth leaves. */
function balanced(depth: number): Tree {
  const splits = 2 ** depth - 1;
  const all = Array.from({ length: splits }, (_, s) => s);
  const child = (index: number) => (index < splits ? index : -1 - (index - splits));
  return tree(
    {
      feature: all.map(() => 0),
      test: all.map(() => SplitTest.nanLeft),
      threshold: all.map((s) => {
        const level = Math.floor(Math.log2(s + 1));
        return (2 * (s + 1 - 2 ** level) + 1) / 2 ** level - 1;
      }),
      left: all.map((s) => child(2 * s + 1)),
      right: all.map((s) => child(2 * s + 2)),
    },
    Array.from({ length: splits + 1 }, (_, leaf) => leaf / 7),
  );
}

describe('the kernel agrees with the reference evaluator on', () => {
  test('no trees, and trees of one leaf', async () => {
    await expectAgreement(regression([ensemble([], { base: [0.1] })]));
    await expectAgreement(regression([ensemble([tree({}, [-0])], { base: [-0] })]));
    await expectAgreement(regression([ensemble(Array(9).fill(tree({}, [0.1])), { accumulator: 'float32' })]));
  });

  test('trees much deeper than others, walked by depth', async () => {
    const deep = chain(Array.from({ length: 200 }, (_, s) => s / 100 - 1));
    const trees = Array.from({ length: 30 }, (_, t) =>
      t % 7 === 0 ? deep : stump({ test: 1, threshold: t / 30 }),
    );
    await expectAgreement(regression([ensemble(trees, { accumulator: 'float64' })]));
    const outputs = trees.map((each, t) => ({ ...each, output: t % 3 }));
    await expectAgreement({
      ...regression([ensemble(outputs, { outputs: 3, base: [0, 1, 2] })]),
      output: { value: 3, raw: [1, 2, 3] },
    });
  });

  test('trees that are deep, all alike', async () => {
    const deep = chain(Array.from({ length: 23 }, (_, s) => s / 12 - 1));
    await expectAgreement(regression([ensemble(Array(17).fill(deep), { accumulator: 'float32' })]));
  });

  test('several outputs in any order, some without trees', async () => {
    const outputs = [2, 0, 0, 2, 2, 0, 2, 0, 0, 0, 2, 2];
    const trees = outputs.map((output, t) => stump({ test: 0, threshold: t / 6 - 1 }, { output }));
    for (const accumulator of ['float32', 'float64'] as const) {
      await expectAgreement({
        ...regression([ensemble(trees, { outputs: 3, base: [0.1, 0.2, -0], accumulator })]),
        output: { value: 1, raw: [1, 2, 3] },
      });
    }
  });

  test('more nodes than 16 bits can number', async () => {
    await expectAgreement(regression([ensemble([balanced(15), balanced(3), balanced(15)])]));
  });

  test('more slots than 8 bits can number', async () => {
    const features = 300;
    const trees = Array.from({ length: features }, (_, f) =>
      stump({ feature: f, test: f % 5, threshold: f / 300 }),
    );
    const rows = [0, 0.5, Number.NaN].map((x) => Array.from({ length: features }, (_, f) => (f % 3 ? x : 1)));
    await expectAgreement(regression([ensemble(trees, {}, features)], features), rows);
  });

  test('categories beyond any table', async () => {
    const sets = [[0, 5, 2 ** 31 - 1], [], [65535, 65536]];
    const trees = sets.flatMap((set) => [5, 6].map((test) => stump({ test, threshold: 0, sets: [set] })));
    const rows = [
      0,
      -0.5,
      5.9,
      65535,
      65536,
      2 ** 31 - 1,
      2 ** 31,
      1e300,
      -1,
      Infinity,
      -Infinity,
      Number.NaN,
    ];
    await expectAgreement(
      regression([ensemble(trees, { base: [0.5] })]),
      rows.map((x) => [x]),
    );
  });
});
