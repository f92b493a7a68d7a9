import type { Register } from '../../ir/model.ts';
import type { DateType } from './dates.ts';

/** The data types of PMML that values have. Those that count from a date are integers once they are read. */
export type DataType = 'string' | 'integer' | 'float' | 'double' | 'boolean' | DateType;

/** A number; NaN is missing. Booleans are 1 and 0, dates and times as dates.ts has them. */
export interface NumberValue {
  readonly kind: 'number';
  readonly register: Register;
  readonly type: Exclude<DataType, 'string'>;
  /** Whether no row makes it NaN. */
  readonly present: boolean;
  /** 1 where the value is one that its field does not allow and that was kept as it is. */
  readonly invalid?: Register;
  /** 1 where the text that is read is no date. */
  readonly unreadable?: Register;
}

/** A text by its position in `texts`; -1 for any other text, NaN for missing. */
export interface TextValue {
  readonly kind: 'text';
  readonly register: Register;
  /** Grows when `open`, as predicates name further texts; the model is made when all are known. */
  readonly texts: string[];
  /** Whether `texts` may grow. */
  readonly open: boolean;
  readonly present: boolean;
  readonly invalid?: Register;
  /** Where no other than the first so many texts counts: all that is not one of them is missing or makes no prediction. */
  readonly known?: number;
  /** The declared values in their order, for an ordinal field. */
  readonly order?: readonly string[];
  /** The register of the text itself, where there is one, made when it is first asked for; absent: the list has all texts. */
  readonly source?: () => Register;
}

/** A value that no row changes; null is missing. */
export interface ConstantValue {
  readonly kind: 'constant';
  readonly value: number | string | null;
  readonly type: DataType;
}

export type Value = NumberValue | TextValue | ConstantValue;

export const MISSING: ConstantValue = { kind: 'constant', value: null, type: 'double' };

export function number(
  register: Register,
  type: NumberValue['type'] = 'double',
  present = false,
): NumberValue {
  return { kind: 'number', register, type, present };
}

export function constant(value: number | string | null, type?: DataType): ConstantValue {
  return { kind: 'constant', value, type: type ?? (typeof value === 'string' ? 'string' : 'double') };
}

/** Whether no row makes it missing. */
export function isPresent(value: Value): boolean {
  return value.kind === 'constant' ? value.value !== null : value.present;
}

/** Whether other texts than the listed ones may come. */
export function isAnyText({ open, known }: TextValue): boolean {
  return open && known === undefined;
}

/** The position of a text, added when the value is open; -1 when it is closed and has no such text. */
export function codeOf({ texts, open }: TextValue, text: string): number {
  const position = texts.length > 16 ? positions(texts).get(text) : indexOf(texts, text);
  if (position !== undefined) return position;
  return open ? texts.push(text) - 1 : -1;
}

function indexOf(texts: readonly string[], text: string): number | undefined {
  const position = texts.indexOf(text);
  return position === -1 ? undefined : position;
}

const KNOWN = new WeakMap<readonly string[], Map<string, number>>();

function positions(texts: readonly string[]): ReadonlyMap<string, number> {
  let known = KNOWN.get(texts);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(texts, known);
  }
  for (let i = known.size; i < texts.length; i++) known.set(texts[i]!, i);
  return known;
}

/** As codeOf, but a code that no row has for a text that cannot come. */
export function knownCode(value: TextValue, text: string): number {
  const code = codeOf(value, text);
  return code === -1 ? NO_CODE : code;
}

export const NO_CODE = -2;
