import { describe, expect, it } from 'vitest';
import { NODE, type StageOptions, saved, score } from './files.ts';

const CLASSIFICATION = 'org.apache.spark.ml.classification';
const REGRESSION = 'org.apache.spark.ml.regression';

type Params = Readonly<Record<string, unknown>>;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

interface NodeOptions {
  readonly stats?: readonly number[];
  readonly prediction?: number;
  readonly children?: readonly [number, number];
  readonly split?: {
    readonly feature: number;
    readonly values: readonly number[];
    readonly categories: number;
  };
}

function node(id: number, { stats = [], prediction = 0, children = [-1, -1], split }: NodeOptions): Params {
  return {
    id,
    prediction,
    impurityStats: stats,
    leftChild: children[0],
    rightChild: children[1],
    split: {
      featureIndex: split?.feature ?? -1,
      leftCategoriesOrThreshold: split?.values ?? [],
      numCategories: split?.categories ?? -1,
    },
  };
}

/** A stump: rows come shuffled, as Spark's partitions do. */
function stump(
  values: readonly number[],
  categories: number,
  left: NodeOptions,
  right: NodeOptions,
): Params[] {
  return [
    node(2, right),
    node(0, { children: [1, 2], split: { feature: 0, values, categories } }),
    node(1, left),
  ];
}

describe('trees', () => {
  const tree = (nodes: readonly Params[]) =>
    saved('DecisionTreeRegressionModel', {
      package: REGRESSION,
      extra: { numFeatures: 1 },
      data: { data: [NODE, nodes] },
    });
  const predict = async (values: readonly number[], categories: number, f0: number | null) =>
    (await score(tree(stump(values, categories, { prediction: 1 }, { prediction: 2 })), { f0 })).value;

  it('compare numbers with <= in double precision, and send NaN to the right', async () => {
    expect(await predict([0.1], -1, 0.1)).toBe(1);
    expect(await predict([0.1], -1, 0.1 + 2 ** -56)).toBe(2);
    expect(await predict([0.1], -1, null)).toBe(2);
  });

  it('look categories up among those that go left', async () => {
    expect(await predict([1], 4, 1)).toBe(1);
    for (const f0 of [0, 3, 4, -1, 1.5, null]) expect(await predict([1], 4, f0)).toBe(2);
  });

  // CategoricalSplit keeps the smaller side: what it does not know is then on the other one.
  it('look categories up among those that go right, where most go left', async () => {
    expect(await predict([0, 1, 3], 4, 2)).toBe(2);
    for (const f0 of [0, 3, 4, -1, 2.5, null]) expect(await predict([0, 1, 3], 4, f0)).toBe(1);
  });

  it('DecisionTreeClassificationModel gives counts, and their shares', async () => {
    const model = (params: Params) =>
      saved('DecisionTreeClassificationModel', {
        package: CLASSIFICATION,
        params,
        extra: { numFeatures: 1, numClasses: 3 },
        data: { data: [NODE, stump([0], -1, { stats: [1, 2, 1] }, { stats: [2, 2, 0] })] },
      });
    expect(await score(model({}), { f0: 0 })).toEqual({
      value: 1,
      label: '1',
      probabilities: { 0: 0.25, 1: 0.5, 2: 0.25 },
      raw: [1, 2, 1],
    });
    expect((await score(model({}), { f0: 1 })).label).toBe('0');
    // 0.5 / 0.5, 0.5 / 0.25; the third has 0 / 0.
    expect((await score(model({ thresholds: [0.5, 0.25, 0] }), { f0: 1 })).label).toBe('1');
  });

  const ensemble = (
    name: string,
    options: StageOptions & { readonly trees: readonly (readonly Params[])[] },
  ) => {
    const { trees, version = '3.5.1' } = options;
    const [id, weight] = version.startsWith('4') ? ['_1', '_3'] : ['treeID', 'weights'];
    const metadata = trees.map((_, i) => ({ [id]: i, [weight]: 1 / (i + 1) })).reverse();
    const nodes = trees.flatMap((tree, treeID) => tree.map((nodeData) => ({ treeID, nodeData })));
    return saved(name, {
      ...options,
      data: {
        data: [{ treeID: 'int', nodeData: { struct: NODE } }, nodes.reverse()],
        treesMetadata: [{ [id]: 'int', [weight]: 'double' }, metadata],
      },
    });
  };

  // Shares (0.75, 0.25) and (0, 1): the counts of a tree do not matter.
  it.each(['2.4.8', '3.5.1', '4.1.0'])(
    'RandomForestClassificationModel of Spark %s adds up shares',
    async (version) => {
      const model = ensemble('RandomForestClassificationModel', {
        package: CLASSIFICATION,
        version,
        extra: { numFeatures: 1, numClasses: 2, numTrees: 2 },
        trees: [[node(0, { stats: [300, 100] })], stump([0], -1, { stats: [0, 2] }, { stats: [1, 0] })],
      });
      const { raw, probabilities, label } = await score(model, { f0: -1 });
      expect([raw, probabilities, label]).toEqual([[0.75, 1.25], { 0: 0.375, 1: 0.625 }, '1']);
    },
  );

  it('RandomForestRegressionModel is the mean', async () => {
    const model = ensemble('RandomForestRegressionModel', {
      package: REGRESSION,
      extra: { numFeatures: 1 },
      trees: [[node(0, { prediction: 1 })], stump([0], -1, { prediction: 4 }, { prediction: 6 })],
    });
    expect((await score(model, { f0: 1 })).value).toBe(3.5);
  });

  // Weights 1 and 1 / 2: 1 + 4 / 2 = 3.
  it('boosted trees count by their weights', async () => {
    const trees = [[node(0, { prediction: 1 })], stump([0], -1, { prediction: 4 }, { prediction: -2 })];
    const options = { extra: { numFeatures: 1 }, trees };
    expect(
      (await score(ensemble('GBTRegressionModel', { ...options, package: REGRESSION }), { f0: 0 })).value,
    ).toBe(3);
    const classifier = ensemble('GBTClassificationModel', { ...options, package: CLASSIFICATION });
    const { value, raw, label } = await score(classifier, { f0: 0 });
    expect(value).toBeCloseTo(sigmoid(6), 15);
    expect([raw, label]).toEqual([[-3, 3], '1']);
    // 1 - 2 / 2 = 0 is not greater than 0.
    expect((await score(classifier, { f0: 1 })).label).toBe('0');
  });
});
