import type { Register } from '../../ir/model.ts';
import { type Column, type Frame, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/**
 * One element a category: 1 for the category's own, else 0. An index beyond the categories is an error, or has an
 * element after them. `dropLast` leaves the last element out.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/OneHotEncoder.scala
 */
export function oneHotEncoderModel(stage: Stage, frame: Frame, lowering: Lowering): void {
  const keep = stage.choice('handleInvalid', ['error', 'keep'], 'error') === 'keep';
  const dropLast = stage.flag('dropLast', true);
  const pairs = stage.columnPairs();
  const columns = pairs.map(({ input }) => frame.column(input));
  pairs.forEach(({ output }, i) => {
    frame.set(output, () => {
      const sizes = stage.row().numbers('categorySizes');
      const size = sizes[i];
      if (size === undefined || sizes.length !== pairs.length)
        return stage.fail(`has categories of ${sizes.length} columns, but ${pairs.length} input columns`);
      const index = wholeIndex(columns[i]!(), stage, lowering);
      const code = insideOr(index, size, keep ? size : Number.NaN, lowering);
      if (!keep) lowering.guards.add(code);
      return oneHot(code, size + (keep ? 1 : 0) - (dropLast ? 1 : 0), stage, lowering);
    });
  });
}

/**
 * The encoder of Spark 2 without a model: the number of categories is what the column's metadata says; an index that is
 * greater has no element.
 * https://github.com/apache/spark/blob/v2.4.8/mllib/src/main/scala/org/apache/spark/ml/feature/OneHotEncoder.scala
 */
export function oneHotEncoder(stage: Stage, frame: Frame, lowering: Lowering): void {
  if (stage.major >= 3) {
    stage.refuse('is an encoder that was not fitted', 'Save the fitted PipelineModel, not the Pipeline.');
  }
  const column = frame.column(stage.text('inputCol'));
  const dropLast = stage.flag('dropLast', true);
  frame.set(stage.output, () => {
    const input = column();
    if (input.kind !== 'number' || input.arity === undefined) {
      return stage.refuse(
        'counts the categories of its column anew in each table',
        'Encode with OneHotEncoderEstimator, or with a StringIndexer before it.',
      );
    }
    const size = input.arity - (dropLast ? 1 : 0);
    const index = wholeIndex(input, stage, lowering);
    const code = insideOr(index, Infinity, Number.NaN, lowering);
    lowering.guards.add(lowering.builder.map([code], { name: 'min', by: [size] })[0]!);
    return oneHot(code, size, stage, lowering);
  });
}

/** The index as Scala's toInt gives it. */
function wholeIndex(column: Column, stage: Stage, lowering: Lowering): Register {
  return lowering.builder.unary([lowering.number(column, stage).register], 'truncate')[0]!;
}

/** The index where it is from 0 up to `size`, else `other`. */
function insideOr(index: Register, size: number, other: number, { builder: b }: Lowering): Register {
  const inside = b.combine('and', b.compare([index], '>=', [0]), b.compare([index], '<', [size]));
  const outside = Number.isNaN(other) ? b.nothing() : b.constants([other])[0]!;
  return b.select(inside, [index], [outside])[0]!;
}

function oneHot(code: Register, size: number, stage: Stage, { builder: b }: Lowering): Column {
  if (!(Number.isInteger(size) && size >= 0)) return stage.fail(`has ${size} categories`);
  b.charge(size);
  if (size === 0) return vectorColumn([], false);
  const numbers = Array.from({ length: size }, (_, i) => i);
  return vectorColumn(
    b.compare(
      numbers.map(() => code),
      '==',
      numbers,
    ),
    false,
  );
}
