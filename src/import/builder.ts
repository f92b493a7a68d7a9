import { PgscoreError } from '../errors.ts';
import { type Link, type LinkFunction, type Register, type Step, stepWidth, type Tree } from '../ir/model.ts';
import type {
  CombineStep,
  Comparison,
  MapOperation,
  Metric,
  Reduction,
  Unary,
  WeighStep,
} from '../ir/vector-steps.ts';

/** Constants of all steps together. DESIGN keeps models above a million tree nodes out of the database. */
const MAX_CONSTANTS = 20_000_000;

type Registers = readonly Register[];

/** The steps of a model under way. Everything is float64: scikit-learn and Spark compute in it unless a step says otherwise. */
export class Builder {
  readonly steps: Step[] = [];
  private next: Register;
  private left = MAX_CONSTANTS;
  private readonly file: string;

  constructor(file: string, features: number) {
    this.file = file;
    this.next = features;
  }

  /** Appends a step; returns the registers that it writes. */
  add(step: Step): Register[] {
    this.charge(16);
    this.steps.push(step);
    const registers = Array.from({ length: stepWidth(step) }, (_, i) => this.next + i);
    this.next += registers.length;
    return registers;
  }

  /**
   * Counts constants before they are made: one object of the file may stand in a model a million times.
   * @throws PgscoreError PGS_UNSUPPORTED when there are too many.
   */
  charge(constants: number): void {
    this.left -= constants;
    if (this.left >= 0) return;
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${this.file}: the model has more than ${MAX_CONSTANTS} constants: it is too great for a database.`,
      { hint: 'Export it to ONNX and run it in the sidecar, or train with fewer or smaller parts.' },
    );
  }

  map(inputs: Registers, ...operations: readonly MapOperation[]): Register[] {
    this.charge(operations.length * inputs.length);
    return inputs.length === 0 ? [] : this.add({ kind: 'map', inputs, precision: 'float64', operations });
  }

  unary(inputs: Registers, name: Unary): Register[] {
    return this.map(inputs, { name });
  }

  compare(inputs: Registers, operator: Comparison, by: readonly number[]): Register[] {
    return this.map(inputs, { name: 'compare', operator, by });
  }

  combine(operation: CombineStep['operation'], left: Registers, right: Registers): Register[] {
    this.charge(left.length + right.length);
    return this.add({ kind: 'combine', operation, left, right, precision: 'float64' });
  }

  select(condition: Registers, whenTrue: Registers, whenFalse: Registers): Register[] {
    this.charge(condition.length + whenTrue.length + whenFalse.length);
    return this.add({ kind: 'select', condition, whenTrue, whenFalse });
  }

  reduce(operation: Reduction, inputs: Registers): Register {
    this.charge(inputs.length);
    return this.add({ kind: 'reduce', operation, inputs, precision: 'float64' })[0]!;
  }

  /** bias[q] + Σ inputs[k] * weights[q][k]; NaN in, NaN out. */
  linear(inputs: Registers, weights: readonly (readonly number[])[], bias: readonly number[]): Register[] {
    this.charge(weights.length * inputs.length);
    return this.add({
      kind: 'linear',
      inputs,
      inputPrecision: 'float64',
      accumulator: 'float64',
      weights,
      bias,
      missing: 'propagate',
    });
  }

  distance(inputs: Registers, metric: Metric, points: readonly (readonly number[])[]): Register[] {
    this.charge(points.length * inputs.length);
    return this.add({ kind: 'distance', inputs, metric, points, precision: 'float64' });
  }

  /** Counts to weights, TF-IDF's or a norm's alone. */
  weigh(
    inputs: Registers,
    { sublinear = false, ...rest }: Partial<WeighStep> & Pick<WeighStep, 'norm'>,
  ): Register[] {
    this.charge(inputs.length);
    return this.add({ kind: 'weigh', precision: 'float64', ...rest, inputs, sublinear });
  }

  link(inputs: Registers, fn: LinkFunction): Register[] {
    this.charge(inputs.length);
    return this.add({ kind: 'link', inputs, precision: 'float64', function: fn } satisfies Link);
  }

  argmax(inputs: Registers): Register {
    return this.link(inputs, { name: 'argmax' })[0]!;
  }

  /** The number at each index; an index that is none gives NaN. */
  pick(index: Register, values: readonly number[]): Register {
    this.charge(values.length);
    const rows = values.map((value) => [value]);
    return this.add({ kind: 'gather', inputs: [index], rows, default: Number.NaN })[0]!;
  }

  /** Registers that hold the same numbers whatever the row is. */
  constants(values: readonly number[]): Register[] {
    this.charge(values.length);
    return this.forest([], [], values);
  }

  /** A register that is NaN whatever the row is. */
  nothing(): Register {
    return this.map(this.constants([0]), { name: 'add', by: [Number.NaN] })[0]!;
  }

  /** base + the leaves of all trees, in order; inputs are rounded to float32 unless said otherwise. */
  forest(
    inputs: Registers,
    trees: readonly Tree[],
    base: readonly number[],
    inputPrecision: 'float32' | 'float64' = 'float32',
  ): Register[] {
    return this.add({
      kind: 'tree-ensemble',
      inputs,
      inputPrecision,
      comparison: '<=',
      accumulator: 'float64',
      outputs: base.length,
      base,
      trees,
    });
  }
}
