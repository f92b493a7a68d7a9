import type { Precision } from '../ir/model.ts';
import type { CombineStep, MapOperation, Unary } from '../ir/vector-steps.ts';
import { numberSource, type SourceContext } from './source-context.ts';

/** An operation of a map as an expression of `v`; `by` gives the operation's constant. */
export function mapExpression(
  operation: MapOperation,
  precision: Precision,
  by: (values: readonly number[]) => string,
  context: SourceContext,
): string {
  switch (operation.name) {
    case 'impute': {
      const isMissing = Number.isNaN(operation.missing)
        ? 'Number.isNaN(v)'
        : `v===${literal(roundConstant(operation.missing, precision))}`;
      return `${isMissing}?${by(operation.by)}:v`;
    }
    case 'compare':
      return binaryExpression(operation.operator, 'v', by(operation.by), precision, context);
    case 'is-nan':
      return '+Number.isNaN(v)';
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'power':
    case 'min':
    case 'max':
    case 'modulo':
    case 'remainder':
      return binaryExpression(operation.name, 'v', by(operation.by), precision, context);
    default:
      return context.rounded(unaryExpression(operation.name, context), precision);
  }
}

/** `a` and `b` are names, elements, calls or literals: operators bind weaker than they do. */
export function binaryExpression(
  operation: CombineStep['operation'],
  a: string,
  b: string,
  precision: Precision,
  context: SourceContext,
): string {
  const rounded = (expression: string) => context.rounded(expression, precision);
  switch (operation) {
    case 'add':
      return rounded(`${a}+${b}`);
    case 'subtract':
      return rounded(`${a}-${b}`);
    case 'multiply':
      return rounded(`${a}*${b}`);
    case 'divide':
      return rounded(`${a}/${b}`);
    case 'remainder':
      return rounded(`${a}%${b}`);
    case 'min':
    case 'max':
      return `Math.${operation}(${a},${b})`;
    case 'power':
    case 'modulo':
      return rounded(`${context.kernel('scalars', operation)}(${a},${b})`);
    case 'and':
      return `+(${a}!==0&&${b}!==0)`;
    case 'or':
      return `+(${a}!==0||${b}!==0)`;
    case 'xor':
      return `+((${a}!==0)!==(${b}!==0))`;
    case '==':
    case '!=':
      return `+(${a}${operation}=${b})`;
    default:
      return `+(${a}${operation}${b})`;
  }
}

function unaryExpression(name: Unary, context: SourceContext): string {
  switch (name) {
    case 'negate':
      return '-v';
    case 'square':
      return 'v*v';
    case 'reciprocal':
      return '1/v';
    case 'relu':
      return 'Math.max(v,0)';
    case 'truncate':
      return 'Math.trunc(v)';
    case 'round-half-even':
      return `${context.kernel('scalars', 'roundHalfEven')}(v)`;
    case 'sigmoid':
      return '1/(1+Math.exp(-v))';
    case 'softplus':
      return `${context.kernel('links', 'softplus')}(v)`;
    case 'erf':
      return `${context.kernel('erf', 'erf')}(v)`;
    case 'normal-quantile':
      return `${context.kernel('normal-quantile', 'normalQuantile')}(v)`;
    default:
      return `Math.${name}(v)`;
  }
}

/** A number that stands anywhere in an expression. */
export function literal(value: number): string {
  const source = numberSource(value);
  return source.startsWith('-') ? `(${source})` : source;
}

export function roundConstant(value: number, precision: Precision): number {
  return precision === 'float32' ? Math.fround(value) : value;
}
