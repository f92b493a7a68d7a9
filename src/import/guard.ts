import type { Output, Register, Task } from '../ir/model.ts';
import type { Builder } from './builder.ts';

/** The output of a model under way. */
export interface TaskOutput {
  readonly task: Task;
  readonly output: Output;
}

/**
 * Where a guard is NaN or infinite, all numbers become NULL, and the predicted class none: where scikit-learn or Spark
 * raises an error (a missing or infinite number, an unknown category) or drops the row.
 */
export function guardOutput(
  { task, output }: TaskOutput,
  guards: ReadonlySet<Register>,
  b: Builder,
): TaskOutput {
  if (guards.size === 0) return { task, output };
  const inputs = [...guards];
  // 0, or NaN when one of them is NaN or infinite.
  const [guard] = b.linear(inputs, [inputs.map(() => 0)], [0]);
  const { value, raw, values, classes } = output;
  const all = [...new Set([value, ...raw, ...(values ?? []), ...(classes?.probabilities ?? [])])];
  const guarded = new Map(b.combine('add', all, [guard!]).map((register, i) => [all[i]!, register]));
  const at = (register: Register): Register => guarded.get(register)!;
  const result = {
    value: at(value),
    raw: raw.map(at),
    ...(values === undefined ? {} : { values: values.map(at) }),
  };
  if (classes === undefined) return { task, output: result };
  const sum = b.combine('add', [classes.predicted], [guard!]);
  const predicted = b.map(sum, { name: 'impute', missing: Number.NaN, by: [NO_CLASS] })[0]!;
  const probabilities = classes.probabilities?.map(at);
  return {
    task,
    output: {
      ...result,
      classes: {
        labels: classes.labels,
        predicted,
        ...(probabilities === undefined ? {} : { probabilities }),
      },
    },
  };
}

/** An index that names no label, which every reader of `predicted` takes for NULL. */
const NO_CLASS = -1;
