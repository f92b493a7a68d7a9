import type { MapOperation } from '../../ir/model.ts';
import { UnsupportedNode } from './node-error.ts';
import type { Attributes } from './operator.ts';
import type { RowProgram } from './program.ts';
import type { Element } from './value.ts';

export type PostTransform = 'NONE' | 'SOFTMAX' | 'LOGISTIC' | 'SOFTMAX_ZERO' | 'PROBIT';

const TRANSFORMS: readonly string[] = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'];

export function postTransformOf(attributes: Attributes): PostTransform {
  const name = attributes.text('post_transform', 'NONE');
  if (TRANSFORMS.includes(name)) return name as PostTransform;
  throw new UnsupportedNode(`post_transform is ${JSON.stringify(name)}`);
}

/**
 * The transform of two or more scores in float32.
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/providers/cpu/ml/ml_common.h
 */
export function transformScores(
  program: RowProgram,
  scores: readonly Element[],
  transform: PostTransform,
): readonly Element[] {
  switch (transform) {
    case 'NONE':
      return scores;
    case 'LOGISTIC':
      return logistic(program, scores);
    case 'SOFTMAX': {
      const inputs = program.registers(scores, true);
      return program.numbers({ kind: 'link', inputs, precision: 'float32', function: { name: 'softmax' } });
    }
    case 'SOFTMAX_ZERO':
      return softmaxZero(program, scores);
    case 'PROBIT':
      return probit(program, scores);
  }
}

export function logistic(program: RowProgram, scores: readonly Element[]): readonly Element[] {
  return program.map(scores, 'float32', [{ name: 'sigmoid' }]);
}

/** As softmax over the scores that are not 0; these keep x exp(-max), and are divided by the same sum. */
function softmaxZero(program: RowProgram, scores: readonly Element[]): readonly Element[] {
  const spread = (element: Element) => scores.map(() => element);
  const greatest = program.reduce('max', scores, 'float32');
  const exponentials = program.map(
    program.combine('subtract', scores, spread(greatest), 'float32'),
    'float32',
    [{ name: 'exp' }],
  );
  const factor = program.map([greatest], 'float32', [{ name: 'negate' }, { name: 'exp' }])[0]!;
  const zeros = program.combine('multiply', scores, spread(factor), 'float32');
  const counts = program.map(scores, 'float32', [
    { name: 'abs' },
    { name: 'compare', operator: '>', by: [1e-7] },
  ]);
  const none = scores.map(() => 0);
  const sum = program.reduce('sum', program.select(counts, exponentials, none), 'float32');
  return program.combine('divide', program.select(counts, exponentials, zeros), spread(sum), 'float32');
}

const F = Math.fround;
/** 2 / (π 0.147) and 1 / 0.147 in float32, of the approximate inverse of erf. */
const ERF_SHIFT = F(2 / F(F(Math.PI) * F(0.147)));
const ERF_FACTOR = F(1 / F(0.147));

/** √2 erf⁻¹(2 x - 1), where onnxruntime approximates erf⁻¹ in float32. */
export function probit(program: RowProgram, scores: readonly Element[]): readonly Element[] {
  const map = (elements: readonly Element[], ...operations: readonly MapOperation[]) =>
    program.map(elements, 'float32', operations);
  const combine = (
    operation: 'add' | 'subtract' | 'multiply',
    a: readonly Element[],
    b: readonly Element[],
  ) => program.combine(operation, a, b, 'float32');
  const x = map(scores, { name: 'multiply', by: [2] }, { name: 'subtract', by: [1] });
  const negative = map(x, { name: 'compare', operator: '<', by: [0] });
  const sign = map(negative, { name: 'multiply', by: [-2] }, { name: 'add', by: [1] });
  const below = map(x, { name: 'negate' }, { name: 'add', by: [1] });
  const above = map(x, { name: 'add', by: [1] });
  const log = map(combine('multiply', below, above), { name: 'log' });
  const v = map(log, { name: 'multiply', by: [0.5] }, { name: 'add', by: [ERF_SHIFT] });
  const v2 = map(log, { name: 'multiply', by: [ERF_FACTOR] });
  const root = map(combine('subtract', map(v, { name: 'square' }), v2), { name: 'sqrt' });
  const size = map(combine('subtract', root, v), { name: 'sqrt' });
  return map(combine('multiply', sign, size), { name: 'multiply', by: [Math.SQRT2] });
}
