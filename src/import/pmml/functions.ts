import type { Register } from '../../ir/model.ts';
import type { Arithmetic, Comparison, Reduction, Unary } from '../../ir/vector-steps.ts';
import { DATE_FUNCTIONS } from './date-functions.ts';
import { asDate, type DateType, isDate, isDateType } from './dates.ts';
import type { Element } from './element.ts';
import { toFloat } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import { commonType, textOf } from './merge.ts';
import { medianOf } from './middle.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { parseConstant } from './types.ts';
import { isPresent, knownCode, type NumberValue, number, type Value } from './values.ts';

/** What a built-in function makes of its values; steps go to the lowering. */
export type BuiltIn = (values: readonly Value[], at: Element, lowering: Lowering) => Value;

export function refuseFunction(name: string, at: Element): never {
  return at.refuse(
    `applies the function ${JSON.stringify(name.slice(0, 60))}, which is not scored`,
    'Only built-in functions of PMML and those of <DefineFunction> are; compute it before the model.',
  );
}

/** Numbers in, number out; NaN in, NaN out. */
function arithmetic(name: Arithmetic): BuiltIn {
  return (values, at, lowering) => {
    const [left, right] = take(values, 2, at);
    const type = commonType(left!, right!);
    const ofIntegers = type === 'integer';
    if (name === 'divide' && ofIntegers && !isOfJava(lowering)) {
      at.refuse(
        'divides an integer by an integer, which engines do in different ways',
        'Declare one of them as a double.',
      );
    }
    const { b } = lowering;
    let register: Register;
    if (right!.kind === 'constant' && right!.value !== null && left!.kind !== 'constant') {
      const by = Number(right!.value);
      if (Number.isNaN(by)) at.fail('needs numbers');
      register = b.map([lowering.register(left!, at)], { name, by: [by] })[0]!;
    } else {
      register = b.combine(name, [lowering.register(left!, at)], [lowering.register(right!, at)])[0]!;
    }
    if (name === 'divide') register = guardDivision(register, right!, at, lowering);
    if (ofIntegers) register = wholeNumber(register, name, at, lowering);
    // A result that is too great is missing where the file does not say that it is invalid.
    const mayMiss = name === 'divide' || (ofIntegers && !isInvalid(at));
    const present = isPresent(left!) && isPresent(right!) && !mayMiss;
    return typed(register, type === 'boolean' ? 'integer' : type, present, lowering);
  };
}

/** A division by zero is an invalid result. */
function guardDivision(quotient: Register, divisor: Value, at: Element, lowering: Lowering): Register {
  if (divisor.kind === 'constant' && divisor.value !== 0) return quotient;
  const zero = lowering.b.compare([lowering.register(divisor, at)], '==', [0])[0]!;
  return unlessInvalid(quotient, zero, at, lowering);
}

/** An invalid result is no prediction, or a missing value where the file says so. */
function unlessInvalid(result: Register, invalid: Register, at: Element, lowering: Lowering): Register {
  if (isInvalid(at)) lowering.guard(invalid);
  return lowering.b.select([invalid], [lowering.constant(Number.NaN)], [result])[0]!;
}

/** Whether an invalid result makes no prediction at all. */
function isInvalid({ attributes }: Element): boolean {
  return (attributes.invalidValueTreatment ?? 'returnInvalid') === 'returnInvalid';
}

/**
 * Whether the file is of JPMML's converters, which write for an engine whose integers are those of Java: a quotient is
 * cut off, and what has more than 32 bits is invalid. The specification leaves both open.
 * https://github.com/jpmml/jpmml-evaluator/blob/1.7.6/pmml-evaluator/src/main/java/org/jpmml/evaluator/Functions.java
 */
function isOfJava({ file }: Lowering): boolean {
  return /jpmml|sklearn2pmml|spark2pmml|r2pmml/i.test(file.application ?? '');
}

/** A whole result; one that is too great to be exact is invalid. */
function wholeNumber(result: Register, name: Arithmetic, at: Element, lowering: Lowering): Register {
  const { b } = lowering;
  const [whole] = name === 'divide' ? b.unary([result], 'truncate') : [result];
  if (name === 'modulo') return whole!;
  const [least, greatest] = isOfJava(lowering)
    ? [-(2 ** 31), 2 ** 31 - 1]
    : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  const outside = b.combine('or', b.compare([whole!], '<', [least]), b.compare([whole!], '>', [greatest]));
  return unlessInvalid(whole!, outside[0]!, at, lowering);
}

function typed(
  register: Register,
  type: NumberValue['type'],
  present: boolean,
  lowering: Lowering,
): NumberValue {
  return number(type === 'float' ? toFloat(register, lowering) : register, type, present);
}

function take(values: readonly Value[], count: number, at: Element): readonly Value[] {
  if (values.length !== count) at.fail(`takes ${count} values, but is given ${values.length}`);
  return values;
}

function unary(name: Unary, keepsType = false): BuiltIn {
  return (values, at, lowering) => {
    const [value] = take(values, 1, at);
    const register = lowering.b.unary([lowering.register(value!, at)], name)[0]!;
    const type = keepsType ? commonType(value!) : 'double';
    return typed(register, type, isPresent(value!) && keepsType, lowering);
  };
}

function rounding(make: (x: Register, lowering: Lowering) => Register): BuiltIn {
  return (values, at, lowering) => {
    const [value] = take(values, 1, at);
    return number(make(lowering.register(value!, at), lowering), 'integer', isPresent(value!));
  };
}

/** The nearest whole number, halves up. */
export function roundHalfUp(x: Register, { b }: Pick<Lowering, 'b'>): Register {
  const [below] = b.unary([x], 'floor');
  const up = b.compare(b.combine('subtract', [x], [below!]), '>=', [0.5]);
  return b.combine('add', [below!], up)[0]!;
}

/** Missing values are left out; the result is missing when all are. */
function aggregate(operation: Reduction, neutral: number): BuiltIn {
  return (values, at, lowering) => {
    if (values.length === 0) at.fail('takes at least one value');
    const { b } = lowering;
    const registers = values.map((value) => lowering.register(value, at));
    const type = commonType(...values);
    if (values.every(isPresent)) {
      const register = registers.length === 1 ? registers[0]! : b.reduce(operation, registers);
      return typed(register, operation === 'mean' && type === 'integer' ? 'double' : type, true, lowering);
    }
    const filled = b.map(registers, { name: 'impute', missing: Number.NaN, by: [neutral] });
    const missing = b.map(registers, { name: 'is-nan' });
    const absent = b.reduce('sum', missing);
    let result = b.reduce(operation === 'mean' ? 'sum' : operation, filled);
    if (operation === 'mean') {
      const count = b.map([absent], { name: 'negate' }, { name: 'add', by: [registers.length] });
      result = b.combine('divide', [result], count)[0]!;
    }
    const none = b.compare([absent], '==', [registers.length]);
    const register = b.select(none, [lowering.constant(Number.NaN)], [result])[0]!;
    return typed(register, operation === 'mean' && type === 'integer' ? 'double' : type, false, lowering);
  };
}

/** NaN where one of the values is missing, else the register. */
function orMissing(register: Register, values: readonly Value[], lowering: Lowering): Register {
  const { b } = lowering;
  const absent = values.filter((value) => !isPresent(value));
  if (absent.length === 0) return register;
  const inputs = absent.map((value) =>
    value.kind === 'constant' ? lowering.constant(Number.NaN) : value.register,
  );
  const flags = b.map(inputs, { name: 'is-nan' });
  const missing = flags.length === 1 ? flags[0]! : b.reduce('max', flags);
  return b.select([missing], [lowering.constant(Number.NaN)], [register])[0]!;
}

function boolean(register: Register, values: readonly Value[], lowering: Lowering): Value {
  return number(orMissing(register, values, lowering), 'boolean', values.every(isPresent));
}

const power: BuiltIn = (values, at, lowering) => {
  const [base, exponent] = take(values, 2, at);
  const inputs = [lowering.register(base!, at), lowering.register(exponent!, at)] as const;
  const register = lowering.b.combine('power', [inputs[0]], [inputs[1]])[0]!;
  return typed(orMissing(register, values, lowering), commonType(base!, exponent!), false, lowering);
};

const threshold: BuiltIn = (values, at, lowering) => {
  const [x, y] = take(values, 2, at);
  const register = lowering.b.combine('>', [lowering.register(x!, at)], [lowering.register(y!, at)])[0]!;
  return number(orMissing(register, values, lowering), 'integer', values.every(isPresent));
};

/** 1 where the value is missing. */
export function missingFlag(value: Value, lowering: Lowering): Register {
  if (value.kind === 'constant') return lowering.constant(value.value === null ? 1 : 0);
  return value.present ? lowering.constant(0) : lowering.b.map([value.register], { name: 'is-nan' })[0]!;
}

function flag(make: (value: Value, lowering: Lowering) => Register): BuiltIn {
  return (values, at, lowering) => number(make(take(values, 1, at)[0]!, lowering), 'boolean', true);
}

function not(register: Register, { b }: Lowering): Register {
  return b.compare([register], '==', [0])[0]!;
}

function invalidFlag(value: Value, lowering: Lowering): Register {
  const invalid = value.kind === 'constant' ? undefined : value.invalid;
  return invalid ?? lowering.constant(0);
}

function isValid(value: Value, lowering: Lowering): Register {
  return not(
    lowering.b.combine('or', [missingFlag(value, lowering)], [invalidFlag(value, lowering)])[0]!,
    lowering,
  );
}

function comparison(operator: Comparison): BuiltIn {
  return (values, at, lowering) => {
    const [left, right] = take(values, 2, at);
    return boolean(compareValues(operator, left!, right!, at, lowering), values, lowering);
  };
}

function compareValues(
  operator: Comparison,
  left: Value,
  right: Value,
  at: Element,
  lowering: Lowering,
): Register {
  const { b } = lowering;
  const textual = [left, right].some((value) => value.kind === 'text');
  const constants = [left, right].every(
    (value) => value.kind === 'constant' && typeof value.value === 'string',
  );
  if (isDate(left) || isDate(right)) {
    const [x, y] = datesOf(left, right, at, lowering);
    return b.combine(operator, [x], [y])[0]!;
  }
  if (!textual && !constants) {
    const [x, y] = [numeric(left, right, at, lowering), numeric(right, left, at, lowering)];
    return b.combine(operator, [x], [y])[0]!;
  }
  if (operator !== '==' && operator !== '!=') return at.refuse('compares texts by their order');
  return b.compare([equalTexts(left, right, at, lowering)], '==', [operator === '==' ? 1 : 0])[0]!;
}

/** Two dates in the finer unit of both: a date alone is its midnight. A text reads as the other's type. */
function datesOf(left: Value, right: Value, at: Element, lowering: Lowering): readonly [Register, Register] {
  const types = [left, right].flatMap((value) => (isDate(value) ? [(value as NumberValue).type] : []));
  const type = (types.includes('dateTime') ? 'dateTime' : types[0]!) as DateType;
  const [x, y] = [left, right].map((value) => asDate(value, type, at, lowering).register);
  return [x!, y!];
}

/** A text constant reads as the other value's type. */
function numeric(value: Value, other: Value, at: Element, lowering: Lowering): Register {
  if (value.kind === 'constant' && typeof value.value === 'string' && other.kind === 'number') {
    return lowering.constant(parseConstant(at, value.value, other.type));
  }
  return lowering.register(value, at);
}

function equalTexts(left: Value, right: Value, at: Element, lowering: Lowering): Register {
  const { b } = lowering;
  if (right.kind === 'constant' && left.kind === 'text') return isOneOf(left, [right], at, lowering);
  if (left.kind === 'constant' && right.kind === 'text') return isOneOf(right, [left], at, lowering);
  const [x, y] = [textOf(left, at, lowering), textOf(right, at, lowering)];
  if ([x, y].some((text) => text.open && text.known === undefined)) {
    at.refuse(
      'compares texts of which not all are known',
      'Declare the values of the fields in the data dictionary.',
    );
  }
  const texts = x.texts === y.texts ? x.texts : [...new Set([...x.texts, ...y.texts])];
  return b.combine('==', [lowering.recode(x, texts)], [lowering.recode(y, texts)])[0]!;
}

/** 1 where the value is one of the constants. */
function isOneOf(value: Value, choices: readonly Value[], at: Element, lowering: Lowering): Register {
  if (value.kind === 'constant') return at.refuse('compares constants');
  const keys = choices.map((choice) => {
    if (choice.kind !== 'constant')
      return at.refuse('compares with a list of fields', 'Write one comparison for each.');
    if (choice.value === null || isDateType(choice.type)) return Number(choice.value ?? Number.NaN);
    return value.kind === 'text'
      ? knownCode(value, String(choice.value))
      : parseConstant(at, String(choice.value), value.type);
  });
  const distinct = [...new Set(keys.filter((key) => !Number.isNaN(key)))];
  if (distinct.length === 0) return lowering.constant(0);
  return lowering.b.add({
    kind: 'lookup',
    inputs: [value.register],
    keys: distinct,
    values: distinct.map(() => 1),
    default: 0,
  })[0]!;
}

function membership(negated: boolean): BuiltIn {
  return (values, at, lowering) => {
    const [value, ...choices] = values;
    if (value === undefined || choices.length === 0) at.fail('takes at least two values');
    const inside = isOneOf(value!, choices, at, lowering);
    return boolean(negated ? not(inside, lowering) : inside, [value!], lowering);
  };
}

function logical(operation: 'and' | 'or'): BuiltIn {
  return (values, at, lowering) => {
    if (values.length < 2) at.fail('takes at least two values');
    const registers = values.map((value) => lowering.register(value, at));
    return boolean(lowering.b.reduce(operation === 'and' ? 'min' : 'max', registers), values, lowering);
  };
}

const negation: BuiltIn = (values, at, lowering) => {
  const [value] = take(values, 1, at);
  return boolean(not(lowering.register(value!, at), lowering), values, lowering);
};

/** Φ((x - mean) / deviation) by the error function. */
function normalCdf(x: Register, lowering: Lowering): Register {
  const { b } = lowering;
  return b.map(
    [x],
    { name: 'divide', by: [Math.SQRT2] },
    { name: 'erf' },
    { name: 'add', by: [1] },
    { name: 'divide', by: [2] },
  )[0]!;
}

function normal(density: boolean, standard: boolean): BuiltIn {
  return (values, at, lowering) => {
    const { b } = lowering;
    const [x, mean, deviation] = take(values, standard ? 1 : 3, at).map((value) =>
      lowering.register(value, at),
    );
    const z = standard ? x! : b.combine('divide', b.combine('subtract', [x!], [mean!]), [deviation!])[0]!;
    if (!density) return number(normalCdf(z, lowering), 'double', false);
    const shape = b.map([z], { name: 'square' }, { name: 'divide', by: [-2] }, { name: 'exp' });
    const scaled = b.map(shape, { name: 'divide', by: [Math.sqrt(2 * Math.PI)] });
    return number(standard ? scaled[0]! : b.combine('divide', scaled, [deviation!])[0]!, 'double', false);
  };
}

/** The number below which the distribution has that probability. */
function normalQuantile(standard: boolean): BuiltIn {
  return (values, at, lowering) => {
    const { b } = lowering;
    const [p, mean, deviation] = take(values, standard ? 1 : 3, at).map((value) =>
      lowering.register(value, at),
    );
    const [z] = b.unary([p!], 'normal-quantile');
    if (standard) return number(z!);
    return number(b.combine('add', b.combine('multiply', [z!], [deviation!]), [mean!])[0]!);
  };
}

/** The middle one, or the mean of the two middle ones, of those that are not missing. */
const median: BuiltIn = (values, at, lowering) => {
  if (values.length === 0) at.fail('takes at least one value');
  const { b } = lowering;
  const terms = values.map((value) => {
    const register = lowering.register(value, at);
    if (isPresent(value)) return { value: register, counts: undefined, weight: 1 };
    const [counts] = b.map([register], { name: 'is-nan' }, { name: 'compare', operator: '==', by: [0] });
    // What does not count may not be missing either.
    const [filled] = b.map([register], { name: 'impute', missing: Number.NaN, by: [0] });
    return { value: filled!, counts: counts!, weight: 1 };
  });
  return number(medianOf(terms, lowering), 'double', values.every(isPresent));
};

/** The root of x² + y², scaled by a power of two where a square would be too great or too small. */
const hypot: BuiltIn = (values, at, lowering) => {
  const { b } = lowering;
  const sizes = b.unary(
    take(values, 2, at).map((value) => lowering.register(value, at)),
    'abs',
  );
  const greatest = b.reduce('max', sizes);
  const [up, down, same] = [2 ** 600, 2 ** -600, 1].map((scale) => lowering.constant(scale));
  const small = b.select(b.compare([greatest], '<', [1e-150]), [up!], [same!]);
  const scale = b.select(b.compare([greatest], '>', [1e150]), [down!], small);
  const root = b.reduce('l2', b.combine('multiply', sizes, scale));
  return number(b.combine('divide', [root], scale)[0]!, 'double', values.every(isPresent));
};

/** The built-in functions of https://dmg.org/pmml/v4-4-1/BuiltinFunctions.html that are scored; `if` is in apply.ts. */
export const FUNCTIONS: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  ['+', arithmetic('add')],
  ['-', arithmetic('subtract')],
  ['*', arithmetic('multiply')],
  ['/', arithmetic('divide')],
  ['modulo', arithmetic('modulo')],
  ['min', aggregate('min', Infinity)],
  ['max', aggregate('max', -Infinity)],
  ['sum', aggregate('sum', 0)],
  ['avg', aggregate('mean', 0)],
  ['product', aggregate('product', 1)],
  ['median', median],
  ['log10', unary('log10')],
  ['ln', unary('log')],
  ['ln1p', unary('log1p')],
  ['sqrt', unary('sqrt')],
  ['abs', unary('abs', true)],
  ['exp', unary('exp')],
  ['expm1', unary('expm1')],
  ['sin', unary('sin')],
  ['cos', unary('cos')],
  ['tan', unary('tan')],
  ['asin', unary('asin')],
  ['acos', unary('acos')],
  ['atan', unary('atan')],
  ['sinh', unary('sinh')],
  ['cosh', unary('cosh')],
  ['tanh', unary('tanh')],
  ['rint', unary('round-half-even', true)],
  ['pow', power],
  ['hypot', hypot],
  ['threshold', threshold],
  ['floor', rounding((x, { b }) => b.unary([x], 'floor')[0]!)],
  ['ceil', rounding((x, { b }) => b.unary([x], 'ceil')[0]!)],
  ['round', rounding(roundHalfUp)],
  ['normalCDF', normal(false, false)],
  ['normalPDF', normal(true, false)],
  ['stdNormalCDF', normal(false, true)],
  ['stdNormalPDF', normal(true, true)],
  ['normalIDF', normalQuantile(false)],
  ['stdNormalIDF', normalQuantile(true)],
  ['erf', unary('erf')],
  ['isMissing', flag(missingFlag)],
  ['isNotMissing', flag((value, lowering) => not(missingFlag(value, lowering), lowering))],
  ['isValid', flag(isValid)],
  ['isNotValid', flag(invalidFlag)],
  ['equal', comparison('==')],
  ['notEqual', comparison('!=')],
  ['lessThan', comparison('<')],
  ['lessOrEqual', comparison('<=')],
  ['greaterThan', comparison('>')],
  ['greaterOrEqual', comparison('>=')],
  ['and', logical('and')],
  ['or', logical('or')],
  ['not', negation],
  ['isIn', membership(false)],
  ['isNotIn', membership(true)],
  ...TEXT_FUNCTIONS,
  ...DATE_FUNCTIONS,
]);
