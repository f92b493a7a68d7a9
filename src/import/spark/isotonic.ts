import { once } from '../once.ts';
import type { Frame } from './frame.ts';
import type { Lowering } from './lowering.ts';
import { publish } from './prediction.ts';
import type { Stage } from './stage.ts';

/**
 * Piecewise linear through the boundaries, and constant outside of them. The input is a number, or an element of a
 * vector; there a NaN counts as greater than all boundaries.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/mllib/regression/IsotonicRegression.scala
 */
export function isotonicRegression(stage: Stage, frame: Frame, lowering: Lowering): void {
  const b = lowering.builder;
  const column = frame.column(stage.text('featuresCol', 'features'));
  const value = once(() => {
    const row = stage.row();
    const x = row.numbers('boundaries');
    const y = row.numbers('predictions');
    if (x.length === 0 || x.length !== y.length)
      stage.fail(`has ${x.length} boundaries for ${y.length} predictions`);
    if (x.some((boundary, i) => i > 0 && boundary === x[i - 1] && y[i] !== y[i - 1]))
      stage.refuse('has two predictions at one boundary, of which Spark takes either');
    b.charge(2 * x.length);
    const input = column();
    // A column of numbers is no vector; Spark takes both.
    const vector = input.kind === 'vector' ? input.parts : [lowering.number(input, stage)];
    const part = vector[stage.number('featureIndex', 0)] ?? stage.fail('reads an element beyond its vector');
    const at =
      input.kind === 'vector'
        ? b.map([part.register], { name: 'impute', missing: Number.NaN, by: [x.at(-1)!] })
        : [part.register];
    return b.add({ kind: 'interpolate', inputs: at, x: [x], y: [y], precision: 'float64' })[0]!;
  });
  publish({ kind: 'regression', stage, value }, frame, lowering);
}
