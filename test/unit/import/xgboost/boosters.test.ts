import { describe, expect, it } from 'vitest';
import { type FileSpec, leaf, modelOf, stump, type TreeSpec } from './files.ts';
import { importSpec, score } from './score.ts';

const f32 = Math.fround;

describe('trees', () => {
  it('go left below the condition in float32, and by default_left when missing', () => {
    // 0.1 rounds up to float32: 0.1 itself is not below it once it is rounded too.
    const tree: TreeSpec = { ...stump(1, 2), condition: [f32(0.1), 1, 2] };
    const at = (x: number | null, defaultLeft: number) =>
      score({ trees: [{ ...tree, defaultLeft: [defaultLeft, 0, 0] }] }, [x]).value;
    expect(at(0.1, 0)).toBe(2);
    expect(at(0.0999999, 0)).toBe(1);
    expect([at(null, 1), at(Number.NaN, 1), at(null, 0)]).toEqual([1, 1, 2]);
    expect([at(Number.NEGATIVE_INFINITY, 0), at(Number.POSITIVE_INFINITY, 1)]).toEqual([1, 2]);
  });

  it('leave out nodes that pruning deleted', () => {
    // Nodes 3 and 4 were children of node 1 before it became a leaf again.
    const pruned: TreeSpec = {
      left: [1, -1, -1, -1, -1],
      right: [2, -1, -1, -1, -1],
      condition: [0.5, 10, 20, 30, 40],
      deleted: 2,
    };
    expect(score({ trees: [pruned] }, [0]).value).toBe(10);
    expect(() => score({ trees: [{ ...pruned, deleted: 0 }] })).toThrow(/3 of 5 nodes are reached/);
  });

  it('sum leaf by leaf in float32', () => {
    // 1 + 2^-24 is 1 in float32, twice; in float64 the sum would be 1 + 2^-23.
    const { value } = score({ baseScore: '[1E0]', trees: [leaf(2 ** -24), leaf(2 ** -24)] });
    expect(value).toBe(1);
  });

  it('may be none', () => {
    expect(score({ baseScore: '[7E-1]' }).value).toBe(f32(0.7));
  });
});

describe('vector leaves', () => {
  const tree: TreeSpec = { left: [1, -1, -1], right: [2, 1, 0], condition: [0.5, 0, 0], width: 2 };
  const spec = { numTarget: 2, baseScore: '[1E0,2E0]' };

  it('stand where right_children of the leaf says, from XGBoost 3.2 on', () => {
    const trees = [{ ...tree, leafWeights: [10, 20, 30, 40] }];
    expect(score({ ...spec, trees }, [0]).values).toEqual([31, 42]);
    expect(score({ ...spec, trees }, [1]).values).toEqual([11, 22]);
  });

  it('stand at the node of base_weights before', () => {
    const trees = [{ ...tree, right: [2, -1, -1], baseWeights: [0, 0, 10, 20, 30, 40] }];
    expect(score({ ...spec, trees }, [0]).values).toEqual([11, 22]);
    expect(score({ ...spec, trees }, [1]).values).toEqual([31, 42]);
  });

  it.each([
    ['two leaves of one vector', { right: [2, 0, 0], leafWeights: [1, 2, 3, 4] }],
    ['a vector that is not there', { right: [2, 0, 2], leafWeights: [1, 2, 3, 4] }],
    ['vectors of another width', { width: 3, leafWeights: [1, 2, 3, 4, 5, 6] }],
    ['base weights of another length', { baseWeights: [1, 2, 3, 4] }],
  ])('are refused with %s', (_, change) => {
    expect(() => score({ ...spec, trees: [{ ...tree, ...change }] })).toThrow(/not a sound XGBoost model/);
  });
});

describe('DART', () => {
  const trees = [leaf(1), leaf(f32(0.3))];
  const weights = [0.5, f32(0.7)];
  const expected = f32(0.5 + f32(f32(0.3) * f32(0.7)));
  const model = modelOf({ trees });

  it.each<[string, unknown]>([
    ['1.x: beside gbtree', { gbtree: { model, name: 'gbtree' }, name: 'dart', weight_drop: weights }],
    ['3.x: beside the model', { model, name: 'gbtree', weight_drop: weights }],
    ['after 3.3: in the model', { model: { ...model, weight_drop: weights }, name: 'gbtree' }],
  ])('weighs each tree in float32, %s', (_, booster) => {
    expect(score({ booster }).value).toBe(expected);
  });

  it('needs as many weights as trees, or none', () => {
    const booster = (weight_drop: number[]) => ({ model, name: 'gbtree', weight_drop });
    expect(() => score({ booster: booster([0.5]) })).toThrow(/number of tree weights is 1/);
    expect(score({ booster: booster([]) }).value).toBe(f32(1 + f32(0.3)));
  });
});

describe('gblinear', () => {
  const linear = (weights: number[]) => ({ model: { boosted_rounds: 1, weights }, name: 'gblinear' });

  it('starts at bias plus base score and leaves out what is missing', () => {
    const spec = { features: 2, baseScore: '[1E0]', booster: linear([2, 3, 10]) };
    expect(score(spec, [1, 1]).value).toBe(16);
    expect(score(spec, [null, 1]).value).toBe(14);
    expect(score(spec, [null, null]).value).toBe(11);
  });

  it('holds weights feature by feature and the biases last, and adds the first base score to every output', () => {
    const booster = linear([1, 10, 2, 20, 100, 200]);
    const spec = { features: 2, numTarget: 2, baseScore: '[1E0,5E0]', booster };
    // 100 + 1 + 1 * 1 + 2 * 2 and 200 + 1 + 1 * 10 + 2 * 20
    expect(score(spec, [1, 2]).values).toEqual([106, 251]);
  });

  it('ignores the best iteration, as XGBoost does, and refuses weights of another number', () => {
    const spec = { attributes: { best_iteration: '3' }, booster: linear([2, 1]) };
    expect(score(spec, [1]).value).toBe(3);
    expect(() => score({ booster: linear([1]) })).toThrow(/1 weights, but 1 features, a bias and 1 outputs/);
  });
});

describe('early stopping', () => {
  const trees = [leaf(1), leaf(10), leaf(100), leaf(1000)];
  const best = (iteration: string, spec: FileSpec = {}): FileSpec => ({
    trees,
    attributes: { best_iteration: iteration },
    ...spec,
  });

  it('uses the trees up to the best iteration, and says so', () => {
    expect(score(best('1')).value).toBe(11);
    expect(importSpec(best('1')).source.notes).toEqual([
      'Early stopping found the best iteration at 1: the first 2 of 4 iterations are used (2 of 4 trees).',
    ]);
    expect(score(best('1'), [0], { allTrees: true }).value).toBe(1111);
    expect(importSpec(best('3')).source.notes).toEqual([]);
  });

  it('counts iterations by iteration_indptr, else by parallel trees and outputs', () => {
    expect(score(best('0', { iterations: [0, 3, 4] })).value).toBe(111);
    expect(score(best('0', { parallelTrees: 2 })).value).toBe(11);
    const outputs = { numTarget: 2, treeInfo: [0, 1, 0, 1], baseScore: '0E0' };
    expect(score(best('0', outputs)).values).toEqual([1, 10]);
  });

  it.each([
    ['4', {}, /best_iteration is '4', but there are 4 iterations/],
    ['x', {}, /best_iteration is 'x'/],
    ['0', { iterations: [0, 9, 4] }, /iteration_indptr/],
    ['0', { iterations: [] }, /iteration_indptr/],
  ])('refuses best_iteration %s with %j', (iteration, spec, message) => {
    expect(() => score(best(iteration, spec))).toThrow(message);
    expect(score(best(iteration, spec), [0], { allTrees: true }).value).toBe(1111);
  });
});
