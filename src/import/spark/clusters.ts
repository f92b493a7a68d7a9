import type { Register } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import { readStage, type Stage } from './stage.ts';

type Metric = 'euclidean' | 'cosine';

/** Distances to points; by cosine a vector of norm 0 is an error. */
function distances(
  inputs: readonly Register[],
  points: readonly (readonly number[])[],
  metric: Metric,
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  if (metric === 'cosine') lowering.refuseWhere(b.compare([b.reduce('l2', inputs)], '==', [0]));
  return b.distance(inputs, metric === 'cosine' ? 'cosine' : 'squared-euclidean', points);
}

/** The nearest centre; raw: the distance to each. */
export function kMeans(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const metric = stage.choice('distanceMeasure', ['euclidean', 'cosine'], 'euclidean');
  const all = once(() => {
    const centres = centresOf(stage);
    const inputs = lowering.registers(column(), centres[0]!.length, stage);
    return distances(inputs, centres, metric, lowering);
  });
  const raw = once(() => (metric === 'cosine' ? all() : b.unary(all(), 'sqrt')));
  publish({ kind: 'clustering', stage, raw, value: once(() => b.reduce('argmin', all())) }, frame, lowering);
}

/** The centres in the order of their numbers. */
function centresOf(stage: Stage): readonly (readonly number[])[] {
  const rows = stage.rows().map((row) => stage.reader(row));
  const byNumber = rows
    .map((row) => ({ number: row.number('clusterIdx'), centre: row.vector('clusterCenter') }))
    .sort((a, b) => a.number - b.number);
  if (byNumber.length === 0 || byNumber.some(({ number }, i) => number !== i))
    stage.fail('has no centres from 0 on');
  const centres = byNumber.map(({ centre }) => centre);
  if (centres.some((centre) => centre.length !== centres[0]!.length))
    stage.fail('has centres of different lengths');
  return centres;
}

interface ClusterNode {
  readonly index: number;
  readonly centre: readonly number[];
  readonly children: readonly number[];
}

/** More levels than any tree of clusters has. */
const MAX_LEVELS = 1000;

/**
 * From the root down to the nearest child, the first of equals; the number of the leaf. raw is that number: distances on
 * the way differ from row to row.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/mllib/clustering/BisectingKMeansModel.scala
 */
export function bisectingKMeans(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const value = once(() => {
    // The model of the older package inside has metadata and data of its own.
    const inner = readStage(stage.directory.folder('data'), stage.budget);
    const metric = inner.extra('distanceMeasure') === 'cosine' ? 'cosine' : 'euclidean';
    const nodes = clusterNodes(inner);
    const list = [...nodes.values()];
    const inputs = lowering.registers(column(), list[0]!.centre.length, stage);
    const measured = distances(
      inputs,
      list.map(({ centre }) => centre),
      metric,
      lowering,
    );
    const distanceTo = new Map(list.map(({ index }, i) => [index, measured[i]!]));
    const seen = new Set<number>();
    const leafOf = (index: number, level: number): Register => {
      const node = nodes.get(index);
      if (node === undefined || seen.has(index) || level > MAX_LEVELS)
        return inner.fail(`has no tree of clusters at ${index}`);
      seen.add(index);
      if (node.children.length === 0) return b.constants([index])[0]!;
      const leaves = node.children.map((child) => leafOf(child, level + 1));
      return leaves.reduceRight((later, leaf, i) => {
        if (i === leaves.length - 1) return leaf;
        const rest = node.children.slice(i + 1).map((child) => distanceTo.get(child)!);
        const least = rest.length === 1 ? rest[0]! : b.reduce('min', rest);
        // A later child only where it is nearer.
        const nearer = b.combine('<', [least], [distanceTo.get(node.children[i]!)!]);
        return b.select(nearer, [later], [leaf])[0]!;
      });
    };
    return leafOf(inner.fact('rootId'), 0);
  });
  publish({ kind: 'clustering', stage, value, raw: () => [value()] }, frame, lowering);
}

function clusterNodes(stage: Stage): ReadonlyMap<number, ClusterNode> {
  const nodes = new Map<number, ClusterNode>();
  for (const row of stage.rows()) {
    const reader = stage.reader(row);
    const index = reader.number('index');
    nodes.set(index, { index, centre: reader.vector('center'), children: reader.numbers('children') });
  }
  const [first] = nodes.values();
  if (first === undefined) return stage.fail('has no clusters');
  for (const { centre, children } of nodes.values()) {
    if (centre.length !== first.centre.length) stage.fail('has centres of different lengths');
    if (children.some((child) => !nodes.has(child))) stage.fail('names a cluster that is none');
  }
  return nodes;
}
