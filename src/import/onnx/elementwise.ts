import type { MapOperation, Unary } from '../../ir/model.ts';
import { castTo } from './cast.ts';
import type { DataType } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, type Operator, optionalAt, precisionOf, tensorAt, tensors } from './operator.ts';
import type { BinaryOperation } from './program.ts';
import { broadcastShape, broadcastTo } from './shapes.ts';
import { constantsOf, type Element, isConstant, isFloat, isRowText, type Tensor, tensor } from './value.ts';

/** Operators that are one function of one number. */
const UNARY: Readonly<Record<string, Unary>> = {
  Abs: 'abs',
  Neg: 'negate',
  Sqrt: 'sqrt',
  Reciprocal: 'reciprocal',
  Exp: 'exp',
  Log: 'log',
  Floor: 'floor',
  Ceil: 'ceil',
  Round: 'round-half-even',
  Relu: 'relu',
  Sin: 'sin',
  Cos: 'cos',
  Tan: 'tan',
  Asin: 'asin',
  Acos: 'acos',
  Atan: 'atan',
  Sinh: 'sinh',
  Cosh: 'cosh',
  Tanh: 'tanh',
  Asinh: 'asinh',
  Acosh: 'acosh',
  Atanh: 'atanh',
  Sigmoid: 'sigmoid',
  Softplus: 'softplus',
  Erf: 'erf',
};

const BINARY: Readonly<Record<string, BinaryOperation>> = {
  Add: 'add',
  Sub: 'subtract',
  Mul: 'multiply',
  Pow: 'power',
};

const COMPARE: Readonly<Record<string, BinaryOperation>> = {
  Less: '<',
  LessOrEqual: '<=',
  Greater: '>',
  GreaterOrEqual: '>=',
};

const LOGIC: Readonly<Record<string, BinaryOperation>> = { And: 'and', Or: 'or', Xor: 'xor' };
const VARIADIC: Readonly<Record<string, BinaryOperation>> = { Sum: 'add', Min: 'min', Max: 'max' };

export const elementwise: Readonly<Record<string, Operator>> = {
  ...bind(UNARY, (name) => (call) => [mapped(call, { name })]),
  ...bind(BINARY, (operation) => (call) => [arithmetic(call, operation)]),
  ...bind(COMPARE, (operation) => (call) => [paired(call, operation, 'bool')]),
  ...bind(LOGIC, (operation) => (call) => [paired(call, operation, 'bool')]),
  ...bind(VARIADIC, (operation) => (call) => [folded(call, operation)]),
  Div: divide,
  Mod: modulo,
  Equal: equal,
  Mean: (call) => {
    const sum = folded(call, 'add');
    const operations = [{ name: 'divide', by: [call.inputs.length] } as const];
    return [{ ...sum, elements: call.program.map(sum.elements, precisionOf(sum.type), operations) }];
  },
  Not: (call) => [{ ...mapped(call, { name: 'compare', operator: '==', by: [0] }), type: 'bool' }],
  IsNaN: (call) => [{ ...mapped(call, { name: 'is-nan' }), type: 'bool' }],
  IsInf: isInfinite,
  Sign: sign,
  Identity: (call) => [tensorOrValue(call)],
  Dropout: (call) => [tensorOrValue(call)],
  Clip: clip,
  Where: where,
  LeakyRelu: (call) => [slope(call, call.attributes.float('alpha', 0.01))],
  PRelu: parametricRelu,
  Elu: (call) => [exponentialUnit(call, call.attributes.float('alpha', 1), 1)],
  Selu: (call) => [
    exponentialUnit(
      call,
      call.attributes.float('alpha', 1.6732632),
      call.attributes.float('gamma', 1.050701),
    ),
  ],
  HardSigmoid: (call) => [
    mapped(
      call,
      { name: 'multiply', by: [call.attributes.float('alpha', 0.2)] },
      { name: 'add', by: [call.attributes.float('beta', 0.5)] },
      { name: 'max', by: [0] },
      { name: 'min', by: [1] },
    ),
  ],
  Softsign: (call) => {
    const x = tensorAt(call, 0);
    const below = mapped(call, { name: 'abs' }, { name: 'add', by: [1] });
    return [
      { ...x, elements: call.program.combine('divide', x.elements, below.elements, precisionOf(x.type)) },
    ];
  },
  Gelu: gelu,
};

function bind<T>(table: Readonly<Record<string, T>>, make: (entry: T) => Operator): Record<string, Operator> {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, make(entry)]));
}

function tensorOrValue(call: Call) {
  const value = call.inputs[0];
  if (value === undefined) throw new NodeError('input 0 is missing');
  return value;
}

export function mapped(call: Call, ...operations: readonly MapOperation[]): Tensor {
  const x = numeric(tensorAt(call, 0));
  return { ...x, elements: call.program.map(x.elements, precisionOf(x.type), operations) };
}

function numeric(input: Tensor): Tensor {
  if (input.type === 'string') throw new NodeError('a text stands where a number is needed');
  return input;
}

/** Both operands at one shape. */
function pair(call: Call): {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly shape: readonly number[];
} {
  const [left, right] = [tensorAt(call, 0), tensorAt(call, 1)];
  const shape = broadcastShape(left.shape, right.shape);
  return { left: broadcastTo(left, shape), right: broadcastTo(right, shape), shape };
}

function paired(call: Call, operation: BinaryOperation, type?: DataType): Tensor {
  const { left, right, shape } = pair(call);
  numeric(right);
  const elements = call.program.combine(
    operation,
    numeric(left).elements,
    right.elements,
    precisionOf(left.type),
  );
  return tensor(type ?? left.type, shape, elements);
}

/** Counts of terms times constants; undefined for other products. */
function weighed(call: Call): Tensor | undefined {
  const { left, right, shape } = pair(call);
  if (left.type !== 'float32') return undefined;
  const known = constantsOf(left);
  const [row, factors] = known === undefined ? [left, constantsOf(right)] : [right, known];
  if (factors === undefined) return undefined;
  const weighing = { factors: factors as readonly number[], norm: 'none' } as const;
  const elements = call.program.weigh(row.elements, weighing, 'float32');
  return elements && tensor('float32', shape, elements);
}

/** Numbers times constants, in float32. */
export function multiplied(
  { program }: Call,
  elements: readonly Element[],
  by: readonly number[],
): readonly Element[] {
  return (
    program.weigh(elements, { factors: by, norm: 'none' }, 'float32') ??
    program.map(elements, 'float32', [{ name: 'multiply', by }])
  );
}

/** Powers are computed in float64 for whole numbers, too, and cast back. */
function arithmetic(call: Call, operation: BinaryOperation): Tensor {
  const result = (operation === 'multiply' ? weighed(call) : undefined) ?? paired(call, operation);
  return operation === 'power' && !isFloat(result.type)
    ? castTo(call, { ...result, type: 'float64' }, result.type)
    : result;
}

function truncated(call: Call, value: Tensor): Tensor {
  return { ...value, elements: call.program.map(value.elements, 'float64', [{ name: 'truncate' }]) };
}

function divide(call: Call): readonly Tensor[] {
  const result = paired(call, 'divide');
  return [isFloat(result.type) ? result : truncated(call, result)];
}

function modulo(call: Call): readonly Tensor[] {
  return [paired(call, call.attributes.flag('fmod', false) ? 'remainder' : 'modulo')];
}

function folded(call: Call, operation: BinaryOperation): Tensor {
  const all = tensors(call).map(numeric);
  const [first] = all;
  if (first === undefined) throw new NodeError('it has no inputs');
  return all.slice(1).reduce((left, right) => {
    const shape = broadcastShape(left.shape, right.shape);
    const [a, b] = [broadcastTo(left, shape), broadcastTo(right, shape)];
    return tensor(
      left.type,
      shape,
      call.program.combine(operation, a.elements, b.elements, precisionOf(left.type)),
    );
  }, first);
}

/** Texts are compared where one side is known at import or was chosen from a list. */
function equal(call: Call): readonly Tensor[] {
  const { left, right, shape } = pair(call);
  if (left.type !== 'string') return [paired(call, '==', 'bool')];
  const elements = left.elements.map((element, k) => {
    const other = right.elements[k]!;
    const [row, text] = isConstant(other) ? [element, other] : [other, element];
    if (!isConstant(text)) throw new UnsupportedNode('two texts that a row decides are compared');
    const place = call.texts.position(call.program, row, [text as string]);
    return call.program.combine('==', [place], [0], 'float64')[0]!;
  });
  return [tensor('bool', shape, elements)];
}

function isInfinite(call: Call): readonly Tensor[] {
  const x = numeric(tensorAt(call, 0));
  const at = (bound: number, wanted: boolean) =>
    call.program.map(x.elements, precisionOf(x.type), [
      { name: 'compare', operator: '==', by: [wanted ? bound : Number.NaN] },
    ]);
  const above = at(Number.POSITIVE_INFINITY, call.attributes.flag('detect_positive', true));
  const below = at(Number.NEGATIVE_INFINITY, call.attributes.flag('detect_negative', true));
  return [tensor('bool', x.shape, call.program.combine('or', above, below, 'float64'))];
}

/** One of three numbers, which graphs use as labels; NaN for NaN. */
function sign(call: Call): readonly Tensor[] {
  const x = mapped(call, { name: 'sign' }, { name: 'add', by: [1] });
  const elements = x.elements.map((element): Element => {
    if (isConstant(element)) return (element as number) - 1;
    if (element.kind === 'choice')
      return { ...element, values: element.values.map((value) => Number(value) - 1) };
    return { kind: 'choice', index: call.program.registers([element])[0]!, values: [-1, 0, 1] };
  });
  return [{ ...x, elements }];
}

/** The greatest finite number of each float type. */
const GREATEST: Readonly<Partial<Record<DataType, number>>> = {
  float32: (2 - 2 ** -23) * 2 ** 127,
  float64: Number.MAX_VALUE,
};

/** A bound that is left out is the type's own: infinities become the greatest finite numbers. */
function clip(call: Call): readonly Tensor[] {
  const x = numeric(tensorAt(call, 0));
  const precision = precisionOf(x.type);
  const greatest = GREATEST[x.type];
  const bound = (position: number, name: string, otherwise: number | undefined): Element | undefined => {
    const given = optionalAt(call, position)?.elements;
    if (given !== undefined && given.length !== 1)
      throw new NodeError(`the bound ${name} is no single number`);
    return given?.[0] ?? (call.attributes.has(name) ? call.attributes.float(name, 0) : otherwise);
  };
  const limit = (elements: readonly Element[], operation: 'min' | 'max', by: Element | undefined) =>
    by === undefined
      ? elements
      : call.program.combine(
          operation,
          elements,
          elements.map(() => by),
          precision,
        );
  const least = greatest === undefined ? undefined : -greatest;
  const above = limit(x.elements, 'max', bound(1, 'min', least));
  return [{ ...x, elements: limit(above, 'min', bound(2, 'max', greatest)) }];
}

function where(call: Call): readonly Tensor[] {
  const [test, yes, no] = [tensorAt(call, 0), tensorAt(call, 1), tensorAt(call, 2)];
  const shape = broadcastShape(broadcastShape(test.shape, yes.shape), no.shape);
  const at = (value: Tensor) => broadcastTo(value, shape).elements;
  const [conditions, yeses, noes] = [at(test), at(yes), at(no)];
  const elements =
    yes.type === 'string'
      ? conditions.map((condition, k) => selectText(condition, yeses[k]!, noes[k]!))
      : call.program.select(conditions, yeses, noes);
  return [tensor(yes.type, shape, elements)];
}

function selectText(condition: Element, yes: Element, no: Element): Element {
  if (isConstant(condition)) return condition !== 0 ? yes : no;
  if (isRowText(condition)) throw new NodeError('a text stands where a truth value is needed');
  if (!isConstant(yes) || !isConstant(no)) return { kind: 'selected-text', condition, yes, no };
  if (condition.kind === 'number') return { kind: 'choice', index: condition.register, values: [no, yes] };
  return { ...condition, values: condition.values.map((value) => (value !== 0 ? yes : no)) };
}

/** x where it is not negative, else what is given; NaN takes the latter, which keeps it. */
function whereNegative(call: Call, x: Tensor, negative: readonly Element[]): Tensor {
  const test = call.program.combine(
    '>=',
    x.elements,
    x.elements.map(() => 0),
    precisionOf(x.type),
  );
  return { ...x, elements: call.program.select(test, call.program.exact(x.elements), negative) };
}

function slope(call: Call, alpha: number): Tensor {
  const x = tensorAt(call, 0);
  return whereNegative(call, x, mapped(call, { name: 'multiply', by: [alpha] }).elements);
}

function parametricRelu(call: Call): readonly Tensor[] {
  const { left } = pair(call);
  return [whereNegative(call, left, paired(call, 'multiply').elements)];
}

/** gamma (exp(x) - 1) alpha below 0, gamma x above. */
function exponentialUnit(call: Call, alpha: number, gamma: number): Tensor {
  const x = tensorAt(call, 0);
  const below = mapped(call, { name: 'expm1' }, { name: 'multiply', by: [alpha] });
  const unit = whereNegative(call, x, below.elements);
  if (gamma === 1) return unit;
  return {
    ...unit,
    elements: call.program.map(unit.elements, precisionOf(x.type), [{ name: 'multiply', by: [gamma] }]),
  };
}

function gelu(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const precision = precisionOf(x.type);
  const { program } = call;
  const half = (inner: readonly Element[]) => {
    const factor = program.map(inner, precision, [
      { name: 'add', by: [1] },
      { name: 'multiply', by: [0.5] },
    ]);
    return [{ ...x, elements: program.combine('multiply', x.elements, factor, precision) }];
  };
  if (call.attributes.text('approximate', 'none') !== 'tanh') {
    return half(mapped(call, { name: 'multiply', by: [Math.SQRT1_2] }, { name: 'erf' }).elements);
  }
  const cubes = mapped(call, { name: 'power', by: [3] }, { name: 'multiply', by: [0.044715] });
  const sum = program.combine('add', x.elements, cubes.elements, precision);
  return half(
    program.map(sum, precision, [{ name: 'multiply', by: [Math.sqrt(2 / Math.PI)] }, { name: 'tanh' }]),
  );
}
