import type { Register } from '../../ir/model.ts';
import type { Comparison } from '../../ir/vector-steps.ts';
import type { Element } from './element.ts';
import type { Context } from './expressions.ts';
import { type Lowering, numberCode } from './lowering.ts';
import { scanArray } from './scan.ts';
import { parseConstant } from './types.ts';
import { knownCode, NO_CODE, type NumberValue, type TextValue, type Value } from './values.ts';

/** A condition on a row that is true, false or, where a value is missing, unknown. */
export type Predicate =
  | { readonly kind: 'constant'; readonly value: boolean | null }
  /** Unknown where the register is NaN and `present` does not say that it never is. */
  | {
      readonly kind: 'compare';
      readonly register: Register;
      readonly present: boolean;
      readonly operator: '<' | '<=' | '>' | '>=';
      readonly threshold: number;
    }
  /** True where the code is a member, or is none when `negated`. */
  | {
      readonly kind: 'member';
      readonly register: Register;
      readonly present: boolean;
      readonly codes: readonly number[];
      readonly negated: boolean;
      /** How many codes can come, 0 …; undefined when others can. */
      readonly known: number | undefined;
    }
  | { readonly kind: 'missing'; readonly register: Register; readonly negated: boolean }
  | {
      readonly kind: 'compound';
      readonly operator: 'and' | 'or' | 'xor' | 'surrogate';
      readonly parts: readonly Predicate[];
    };

const TRUE: Predicate = { kind: 'constant', value: true };
const FALSE: Predicate = { kind: 'constant', value: false };
const UNKNOWN: Predicate = { kind: 'constant', value: null };

export const PREDICATES: ReadonlySet<string> = new Set([
  'SimplePredicate',
  'SimpleSetPredicate',
  'CompoundPredicate',
  'True',
  'False',
]);

/** The predicate inside a <Node>, <Segment>, <Attribute>, <SimpleRule>. */
export function predicateIn(element: Element, context: Context): Predicate {
  return lowerPredicate(element.only(PREDICATES, 'predicate'), context);
}

function lowerPredicate(element: Element, context: Context): Predicate {
  switch (element.name) {
    case 'True':
      return TRUE;
    case 'False':
      return FALSE;
    case 'SimplePredicate':
      return simple(element, context);
    case 'SimpleSetPredicate':
      return simpleSet(element, context);
    default:
      return compound(element, context);
  }
}

const OPERATORS = [
  'equal',
  'notEqual',
  'lessThan',
  'lessOrEqual',
  'greaterThan',
  'greaterOrEqual',
  'isMissing',
  'isNotMissing',
] as const;

const COMPARISONS = {
  lessThan: '<',
  lessOrEqual: '<=',
  greaterThan: '>',
  greaterOrEqual: '>=',
} as const;

function simple(element: Element, context: Context): Predicate {
  const operator = element.choice('operator', OPERATORS);
  const value = context.resolve(element.string('field'), element);
  if (operator === 'isMissing' || operator === 'isNotMissing')
    return missing(value, operator === 'isNotMissing');
  const text = element.string('value');
  if (value.kind === 'constant')
    return simpleConstant(element, value.value, operator, text, context.lowering);
  if (operator === 'equal' || operator === 'notEqual') {
    return member(element, value, [text], operator === 'notEqual', context.lowering);
  }
  if (value.kind === 'text') return ordinal(element, value, COMPARISONS[operator], text);
  const { register, present } = value;
  const threshold = parseConstant(element, text, value.type);
  return { kind: 'compare', register, present, operator: COMPARISONS[operator], threshold };
}

function missing(value: Value, negated: boolean): Predicate {
  if (value.kind === 'constant') return (value.value === null) === negated ? FALSE : TRUE;
  if (value.present) return negated ? TRUE : FALSE;
  return { kind: 'missing', register: value.register, negated };
}

function simpleConstant(
  element: Element,
  value: string | number | null,
  operator: (typeof OPERATORS)[number],
  text: string,
  lowering: Lowering,
): Predicate {
  if (value === null) return UNKNOWN;
  const register = lowering.register({ kind: 'constant', value, type: 'double' }, element);
  if (operator === 'equal' || operator === 'notEqual') {
    const same = typeof value === 'string' ? value === text : value === element.parse(text, 'value');
    return same === (operator === 'equal') ? TRUE : FALSE;
  }
  const threshold = element.parse(text, 'value');
  const comparison = COMPARISONS[operator as keyof typeof COMPARISONS];
  return { kind: 'compare', register, present: true, operator: comparison, threshold };
}

function member(
  element: Element,
  value: NumberValue | TextValue,
  texts: readonly string[],
  negated: boolean,
  lowering: Lowering,
): Predicate {
  const { present } = value;
  if (value.kind === 'text') {
    const codes = texts.map((text) => knownCode(value, text)).filter((code) => code !== NO_CODE);
    return {
      kind: 'member',
      register: value.register,
      present,
      codes: ascending(codes),
      negated,
      known: value.known,
    };
  }
  const numbers = lowering.codesOf(value.register);
  const codes = texts.map((text) => numberCode(numbers, parseConstant(element, text, value.type)));
  return {
    kind: 'member',
    register: numbers.register,
    present,
    codes: ascending(codes),
    negated,
    known: undefined,
  };
}

function ascending(codes: readonly number[]): readonly number[] {
  return [...new Set(codes)].sort((a, b) => a - b);
}

/** Texts compare by the order in which their field declares them. */
function ordinal(element: Element, value: TextValue, operator: Comparison, text: string): Predicate {
  const position = value.order?.indexOf(text) ?? -1;
  if (value.order === undefined || position === -1) {
    element.refuse(
      'compares texts by their order, which is not declared',
      'Declare the field as ordinal, with its values in order.',
    );
  }
  const holds = (place: number): boolean => {
    switch (operator) {
      case '<':
        return place < position;
      case '<=':
        return place <= position;
      case '>':
        return place > position;
      default:
        return place >= position;
    }
  };
  const codes = value.order!.flatMap((each, place) => (holds(place) ? [knownCode(value, each)] : []));
  return {
    kind: 'member',
    register: value.register,
    present: value.present,
    codes: ascending(codes),
    negated: false,
    known: value.known,
  };
}

function simpleSet(element: Element, context: Context): Predicate {
  const operator = element.choice('booleanOperator', ['isIn', 'isNotIn']);
  const texts = scanArray(element.required('Array'));
  const value = context.resolve(element.string('field'), element);
  const negated = operator === 'isNotIn';
  if (value.kind !== 'constant') return member(element, value, texts, negated, context.lowering);
  if (value.value === null) return UNKNOWN;
  return texts.includes(String(value.value)) === negated ? FALSE : TRUE;
}

function compound(element: Element, context: Context): Predicate {
  const operator = element.choice('booleanOperator', ['and', 'or', 'xor', 'surrogate']);
  element.allow(...PREDICATES);
  const parts = element.children.map((child) => lowerPredicate(child, context));
  if (parts.length === 0) element.fail('holds no predicate');
  return parts.length === 1 ? parts[0]! : { kind: 'compound', operator, parts };
}

const TRUTHS = new WeakMap<Lowering, Map<string, Register>>();

/** A register that holds 1 where the predicate is true, 0 where it is false and 0.5 where it is unknown. */
export function truth(predicate: Predicate, lowering: Lowering): Register {
  let known = TRUTHS.get(lowering);
  if (known === undefined) {
    known = new Map();
    TRUTHS.set(lowering, known);
  }
  const key = JSON.stringify(predicate, (_, part) => (typeof part === 'number' ? String(part) : part));
  let register = known.get(key);
  if (register === undefined) {
    register = makeTruth(predicate, lowering);
    known.set(key, register);
  }
  return register;
}

function makeTruth(predicate: Predicate, lowering: Lowering): Register {
  const { b } = lowering;
  switch (predicate.kind) {
    case 'constant':
      return lowering.constant(predicate.value === null ? 0.5 : predicate.value ? 1 : 0);
    case 'compare': {
      const holds = b.compare([predicate.register], predicate.operator, [predicate.threshold])[0]!;
      return predicate.present ? holds : orUnknown(predicate.register, holds, lowering);
    }
    case 'member': {
      const { codes, negated } = predicate;
      return b.add({
        kind: 'lookup',
        inputs: [predicate.register],
        keys: [...codes, Number.NaN],
        values: [...codes.map(() => (negated ? 0 : 1)), 0.5],
        default: negated ? 1 : 0,
      })[0]!;
    }
    case 'missing': {
      const flag = b.map([predicate.register], { name: 'is-nan' })[0]!;
      return predicate.negated ? b.compare([flag], '==', [0])[0]! : flag;
    }
    case 'compound':
      return compoundTruth(
        predicate.operator,
        predicate.parts.map((part) => truth(part, lowering)),
        lowering,
      );
  }
}

function orUnknown(register: Register, holds: Register, { b }: Lowering): Register {
  const half = b.map([register], { name: 'is-nan' }, { name: 'divide', by: [2] });
  return b.combine('add', [holds], half)[0]!;
}

/** With 0, 0.5 and 1, `and` is the least, `or` the greatest; a xor b is a + b - 2ab. */
function compoundTruth(
  operator: 'and' | 'or' | 'xor' | 'surrogate',
  parts: readonly Register[],
  lowering: Lowering,
): Register {
  const { b } = lowering;
  switch (operator) {
    case 'and':
      return b.reduce('min', parts);
    case 'or':
      return b.reduce('max', parts);
    case 'xor':
      return parts.reduce((x, y) => {
        const product = b.map(b.combine('multiply', [x], [y]), { name: 'multiply', by: [2] });
        return b.combine('subtract', b.combine('add', [x], [y]), product)[0]!;
      });
    case 'surrogate':
      return parts.reduceRight((rest, part) => {
        const decided = b.compare([part], '!=', [0.5]);
        return b.select(decided, [part], [rest])[0]!;
      });
  }
}

/** 1 where the predicate is true, else 0. */
export function isTrue(predicate: Predicate, lowering: Lowering): Register {
  if (predicate.kind === 'constant') return lowering.constant(predicate.value === true ? 1 : 0);
  return lowering.b.compare([truth(predicate, lowering)], '==', [1])[0]!;
}

export function isAlwaysTrue(predicate: Predicate): boolean {
  return predicate.kind === 'constant' && predicate.value === true;
}
