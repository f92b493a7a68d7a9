import type { Classes, Output, Register, Task } from '../../ir/model.ts';
import type { Program } from '../program.ts';
import { EPSILON, type Objective } from './objective.ts';

/** Expectiles are a matter of a few; each pair costs a weight. */
export const MAX_EXPECTILES = 256;

/**
 * Appends what turns margins into predictions, as XGBoost's predict() and its scikit-learn classifier do, and says
 * where they stand. `labels`: class names of a classifier, else ignored.
 */
export function lowerOutput(
  program: Program,
  objective: Objective,
  margins: readonly Register[],
  labels: readonly string[],
): { readonly task: Task; readonly output: Output } {
  const { task, link } = objective;
  if (task === 'multiclass') return { task, output: multiclass(program, link, margins, labels) };
  if (task === 'binary' && margins.length === 1)
    return { task, output: binary(program, link, margins, labels) };
  const values = applyLink(program, link, margins);
  const output = { value: values[0]!, raw: margins };
  return {
    task: task === 'binary' ? 'regression' : task,
    output: margins.length === 1 ? output : { ...output, values },
  };
}

function applyLink(
  program: Program,
  link: Objective['link'],
  margins: readonly Register[],
): readonly Register[] {
  switch (link) {
    case 'sigmoid':
      return program.link({ name: 'sigmoid', scale: 1 }, margins);
    case 'exp':
    case 'step':
    case 'softmax':
    case 'argmax':
      return program.link({ name: link }, margins);
    case 'expectiles':
      return margins.length === 1 ? margins : expectiles(program, margins);
    case 'identity':
      return margins;
  }
}

/** The class is the second when its probability is greater than the first's, which is: greater than 0.5. */
function binary(
  program: Program,
  link: Objective['link'],
  raw: readonly Register[],
  labels: readonly string[],
): Output {
  if (link === 'step') {
    const [predicted] = program.link({ name: 'step' }, raw);
    return { value: predicted!, raw, classes: { labels, predicted: predicted! } };
  }
  const positive = program.link({ name: 'sigmoid', scale: 1 }, raw)[0]!;
  const negative = program.link({ name: 'complement' }, [positive])[0]!;
  const probabilities = [negative, positive];
  const predicted = program.link({ name: 'argmax' }, probabilities)[0]!;
  return {
    value: link === 'identity' ? raw[0]! : positive,
    raw,
    classes: { labels, predicted, probabilities },
  };
}

/** multi:softmax compares margins, multi:softprob probabilities: rounding can make those equal. */
function multiclass(
  program: Program,
  link: Objective['link'],
  raw: readonly Register[],
  labels: readonly string[],
): Output {
  const probabilities = program.link({ name: 'softmax' }, raw);
  const predicted = program.link({ name: 'argmax' }, link === 'argmax' ? raw : probabilities)[0]!;
  const classes: Classes = { labels, predicted, probabilities };
  return { value: predicted, raw, classes };
}

/**
 * Expectile j is expectile j - 1 plus (1e-6 + softplus(margin j)): softplus, then the constant, then running sums,
 * each rounded to float32.
 * https://github.com/dmlc/xgboost/blob/v3.3.0/src/objective/regression_obj.cu
 */
function expectiles(program: Program, margins: readonly Register[]): readonly Register[] {
  const [first, ...rest] = margins;
  const gaps = program.link({ name: 'softplus' }, rest);
  const shifted = sum(
    program,
    gaps,
    gaps.map((_, q) => gaps.map((_, k) => (k === q ? 1 : 0))),
    EPSILON,
  );
  const parts = [first!, ...shifted];
  return sum(
    program,
    parts,
    parts.map((_, q) => parts.map((_, k) => (k <= q ? 1 : 0))),
    0,
  );
}

function sum(
  program: Program,
  inputs: readonly Register[],
  weights: readonly (readonly number[])[],
  bias: number,
): Register[] {
  return program.add({
    kind: 'linear',
    inputs,
    inputPrecision: 'float32',
    accumulator: 'float32',
    weights,
    bias: weights.map(() => bias),
    missing: 'propagate',
  });
}
