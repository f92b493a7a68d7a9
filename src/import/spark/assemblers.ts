import type { Register } from '../../ir/model.ts';
import type { Column, Frame, Part } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/** Numbers and vectors side by side. A missing number is an error, unless it is kept as NaN. */
export function vectorAssembler(stage: Stage, frame: Frame, lowering: Lowering): void {
  const columns = stage.texts('inputCols').map((name) => frame.column(name));
  const keep = stage.choice('handleInvalid', ['error', 'skip', 'keep'], 'error') === 'keep';
  frame.set(stage.output, () => {
    const parts = columns.flatMap((make): readonly Part[] => {
      const column = make();
      if (column.kind === 'vector') return column.parts;
      const part = lowering.number(column, stage);
      if (!keep) lowering.refuseMissing([part]);
      return [keep ? part : { ...part, mayBeMissing: false }];
    });
    return { kind: 'vector', parts };
  });
}

/** States the length of a vector column, in place. */
export function vectorSizeHint(stage: Stage, frame: Frame, lowering: Lowering): void {
  const name = stage.text('inputCol');
  const column = frame.column(name);
  const size = stage.number('size');
  frame.set(name, () => ({ kind: 'vector', parts: lowering.vector(column(), size, stage) }));
}

/** Elements by position. */
export function vectorSlicer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  if (stage.has('names') && stage.texts('names').length > 0) {
    stage.refuse('selects elements by name, which the saved files do not hold', 'Select them by indices.');
  }
  const indices = stage.numbers('indices');
  frame.set(stage.output, () => chosen(lowering.vector(column(), undefined, stage), indices, stage));
}

/** The elements that a fitted selector keeps, in their own order. */
export function featureSelector(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('featuresCol', 'features'));
  frame.set(stage.output, () => {
    const indices = [...stage.row().numbers('selectedFeatures')].sort((a, b) => a - b);
    const width = stage.extra('numFeatures');
    return chosen(
      lowering.vector(column(), typeof width === 'number' ? width : undefined, stage),
      indices,
      stage,
    );
  });
}

function chosen(parts: readonly Part[], indices: readonly number[], stage: Stage): Column {
  return {
    kind: 'vector',
    parts: indices.map((index) => parts[index] ?? stage.fail(`selects element ${index} of ${parts.length}`)),
  };
}

/** More products than a table or a model can take. */
const MAX_PRODUCTS = 100_000;

/**
 * All products of one element from each column; nominal numbers count as one element a value. The last column's
 * elements vary fastest.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/Interaction.scala
 */
export function interaction(stage: Stage, frame: Frame, lowering: Lowering): void {
  const columns = stage.texts('inputCols').map((name) => frame.column(name));
  frame.set(stage.output, () => {
    const factors = columns.map((make) => encoded(make(), stage, lowering));
    const parts = factors.reduceRight((later, own) => products(later, own, stage, lowering));
    return { kind: 'vector', parts };
  });
}

function encoded(column: Column, stage: Stage, lowering: Lowering): readonly Part[] {
  const b = lowering.builder;
  const parts = column.kind === 'vector' ? column.parts : [lowering.number(column, stage)];
  return parts.flatMap(({ register, arity, mayBeMissing }): readonly Part[] => {
    if (arity === undefined) {
      if (column.kind !== 'vector') lowering.refuseMissing([{ register, mayBeMissing }]);
      return [{ register, mayBeMissing: mayBeMissing && column.kind === 'vector' }];
    }
    b.charge(arity);
    const values = Array.from({ length: arity }, (_, i) => i);
    const flags = b.compare(
      values.map(() => register),
      '==',
      values,
    );
    return flags.map((flag) => ({ register: flag, mayBeMissing: false }));
  });
}

function products(
  later: readonly Part[],
  own: readonly Part[],
  stage: Stage,
  lowering: Lowering,
): readonly Part[] {
  if (later.length * own.length > MAX_PRODUCTS)
    return stage.refuse(`makes more than ${MAX_PRODUCTS} products`, 'Train on fewer interactions.');
  const left = own.flatMap(() => later);
  const right = own.flatMap((part) => later.map(() => part));
  if (left.length === 0) return [];
  const at = (parts: readonly Part[]): readonly Register[] => parts.map(({ register }) => register);
  return sparseProducts(at(left), at(right), lowering).map((register, i) => ({
    register,
    mayBeMissing: left[i]!.mayBeMissing || right[i]!.mayBeMissing,
  }));
}

/** left * right, and 0 where one of them is 0, whatever the other is: Spark leaves zeros out of its products. */
export function sparseProducts(
  left: readonly Register[],
  right: readonly Register[],
  { builder: b }: Lowering,
): readonly Register[] {
  const [zero] = b.constants([0]);
  return b.select(b.combine('and', left, right), b.combine('multiply', left, right), [zero!]);
}
