import { type Frame, numberColumn, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/**
 * The number of the bucket: from a split up to the next one, the last one included in the last bucket. A number outside
 * of the splits is an error; a missing one too, unless it has a bucket of its own after the others.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/Bucketizer.scala
 */
export function bucketizer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const keep = stage.choice('handleInvalid', ['error', 'skip', 'keep'], 'error') === 'keep';
  const all = stage.has('inputCols') ? stage.lists('splitsArray') : [stage.numbers('splits')];
  const pairs = stage.columnPairs();
  if (all.length !== pairs.length) stage.fail(`has splits of ${all.length} columns`);
  pairs.forEach(({ input, output }, i) => {
    const column = frame.column(input);
    const splits = all[i]!;
    if (splits.length < 3 || splits.some((split, k) => k > 0 && !(splits[k - 1]! < split)))
      stage.fail('has splits that do not ascend');
    frame.set(output, () => {
      const b = lowering.builder;
      const part = lowering.number(column(), stage);
      if (!keep) lowering.refuseMissing([part]);
      const inputs = [part.register];
      b.charge(splits.length);
      lowering.refuseWhere([
        ...b.compare(inputs, '<', [splits[0]!]),
        ...b.compare(inputs, '>', [splits.at(-1)!]),
      ]);
      const missing = keep ? splits.length - 1 : Number.NaN;
      const edges = [splits.slice(1, -1)];
      const [bucket] = b.add({ kind: 'bin', inputs, edges, side: 'right', missing });
      return numberColumn(bucket!, false, splits.length - 1);
    });
  });
}

/**
 * 1 above the threshold, else 0. NaN is not above, but for elements of vectors below a negative threshold.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/Binarizer.scala
 */
export function binarizer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const pairs = stage.columnPairs();
  const several = stage.has('inputCols') && stage.has('thresholds');
  pairs.forEach(({ input, output }, i) => {
    const column = frame.column(input);
    const threshold = several ? stage.numbers('thresholds')[i] : stage.number('threshold', 0);
    if (threshold === undefined) stage.fail('has fewer thresholds than columns');
    frame.set(output, () => {
      const made = column();
      if (made.kind !== 'vector') {
        return numberColumn(b.compare([lowering.number(made, stage).register], '>', [threshold])[0]!, false);
      }
      const inputs = made.parts.map(({ register }) => register);
      if (threshold >= 0) return vectorColumn(b.compare(inputs, '>', [threshold]), false);
      if (stage.major < 3)
        stage.refuse(
          'has a negative threshold for vectors, where Spark 2 leaves out the zeros of sparse ones',
        );
      return vectorColumn(b.link(b.compare(inputs, '<=', [threshold]), { name: 'complement' }), false);
    });
  });
}

/** The fitted value in place of a missing one, and of whatever else counts as missing. */
export function imputer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const marker = stage.number('missingValue', Number.NaN);
  for (const { input, output } of stage.columnPairs()) {
    const column = frame.column(input);
    frame.set(output, () => {
      const by = [stage.row().number(input)];
      if (!Number.isInteger(by[0])) {
        lowering.notes.add(
          `Imputer fills ${by[0]} into ${input}; Spark cuts it to a whole number where that column is of integers.`,
        );
      }
      const part = lowering.number(column(), stage);
      const more = Number.isNaN(marker) ? [] : [{ name: 'impute', missing: marker, by } as const];
      const filled = lowering.builder.map(
        [part.register],
        { name: 'impute', missing: Number.NaN, by },
        ...more,
      );
      return numberColumn(filled[0]!, Number.isNaN(by[0]!));
    });
  }
}
