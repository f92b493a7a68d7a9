import type { Register, TextChange, TextMaker } from '../../ir/model.ts';
import { MAX_GROWTH, textGrowth } from '../../ir/text-makers.ts';
import { Builder } from '../builder.ts';
import { type DateType, isDateType, readDate } from './dates.ts';
import type { Element } from './element.ts';
import type { PmmlFile } from './scan.ts';
import { TermCounts } from './term-counts.ts';
import { type ConstantValue, isAnyText, type NumberValue, type TextValue, type Value } from './values.ts';

/** Expressions that the functions of a file may unfold to: a small file can say very much. */
const MAX_EXPRESSIONS = 200_000;

/** Functions of a file within one another, so that one that calls itself ends. */
const MAX_CALLS = 100;

/** What all parts of a model under way share. */
export class Lowering {
  readonly file: PmmlFile;
  readonly b: Builder;
  readonly termCounts = new TermCounts();
  readonly notes: string[] = [];
  /** Registers that hold 1 where a row makes no prediction, such as for an invalid input. */
  readonly guards: Register[] = [];
  /** Registers of texts for which there is a guard of their letters. */
  readonly guardedTexts = new Set<Register>();
  private readonly constants = new Map<number, Register>();
  private readonly codes = new Map<Register, NumberCodes>();
  private readonly growths = new Map<Register, number>();
  private readonly changed = new Map<string, Register>();
  private readonly texts = new WeakMap<TextValue, Register>();
  private expressions = 0;
  private calls = 0;

  constructor(file: PmmlFile, features: number) {
    this.file = file;
    this.b = new Builder(file.name, features);
  }

  /** Counts what unfolds, to end in bounded time. */
  count(at: Element): void {
    if (++this.expressions > MAX_EXPRESSIONS)
      at.refuse('unfolds to too many expressions', 'Simplify its functions.');
  }

  /** Calls a function of the file. @throws PgscoreError PGS_FILE when it calls itself. */
  within<T>(definition: Element, make: () => T): T {
    if (this.calls >= MAX_CALLS) definition.fail('calls itself, or is nested too deep');
    this.calls++;
    try {
      return make();
    } finally {
      this.calls--;
    }
  }

  note(sentence: string): void {
    if (!this.notes.includes(sentence)) this.notes.push(sentence);
  }

  /** A register that holds the number whatever the row is; NaN too. */
  constant(value: number): Register {
    const key = Object.is(value, -0) ? 0 : value;
    let register = this.constants.get(key);
    if (register === undefined) {
      register = Number.isNaN(value) ? this.b.nothing() : this.b.constants([key])[0]!;
      this.constants.set(key, register);
    }
    return register;
  }

  /** A register with the value as a number. @throws PgscoreError PGS_UNSUPPORTED for a text that is none. */
  register(value: Value, at: Element): Register {
    return this.asNumber(value, at).register;
  }

  /** The value as a number; a text by what it reads as. */
  asNumber(value: Value, at: Element): NumberValue {
    switch (value.kind) {
      case 'number':
        if (isDateType(value.type)) refuseDate(value.type, at);
        return value;
      case 'constant':
        if (isDateType(value.type)) refuseDate(value.type, at);
        return {
          kind: 'number',
          register: this.constant(numberOf(value, at)),
          type: 'double',
          present: value.value !== null,
        };
      case 'text': {
        if (isAnyText(value)) {
          if (value.source === undefined)
            at.refuse('reads any text as a number', 'Declare the field as a number.');
          const { register, unreadable } = readDate(value.source(), 'number', this);
          this.guard(unreadable);
          return { kind: 'number', register, type: 'double', present: value.present };
        }
        const numbers = value.texts.map((text) => at.parse(text, 'a text that is read as a number'));
        const register = this.gather(value.register, numbers);
        return { kind: 'number', register, type: 'double', present: value.present };
      }
    }
  }

  /** A register with the text itself. */
  textRegister(value: TextValue, at: Element): Register {
    if (value.source !== undefined) return value.source();
    let text = this.texts.get(value);
    if (text === undefined) {
      text = this.makeText(
        { kind: 'choose-text', index: value.register, texts: value.texts, inputs: [] },
        at,
      );
      this.texts.set(value, text);
    }
    return text;
  }

  /** The register of a text after changes, the same one however often they are asked for. */
  changedText(input: Register, changes: readonly TextChange[], at: Element): Register {
    if (changes.length === 0) return input;
    const key = `${input} ${JSON.stringify(changes)}`;
    let register = this.changed.get(key);
    if (register === undefined) {
      register = this.makeText({ kind: 'change-text', input, changes, missing: null }, at);
      this.changed.set(key, register);
    }
    return register;
  }

  /** The register of a text that a step makes. @throws PgscoreError PGS_UNSUPPORTED for one that may be too long. */
  makeText(step: TextMaker, at: Element): Register {
    const growth = textGrowth(step, (register) => this.growths.get(register) ?? 1);
    if (growth > MAX_GROWTH) at.refuse('makes a text that may be too long', 'Join and replace less often.');
    const [register] = this.b.add(step);
    this.growths.set(register!, growth);
    return register!;
  }

  /** The number at each code; NaN for any other code. */
  gather(code: Register, numbers: readonly number[]): Register {
    return numbers.length === 0 ? this.constant(Number.NaN) : this.b.pick(code, numbers);
  }

  /** The codes of the numbers that the model compares for equality; -1 for all other numbers. */
  codesOf(register: Register): NumberCodes {
    let codes = this.codes.get(register);
    if (codes === undefined) {
      const numbers: number[] = [];
      const [code] = this.b.add({
        kind: 'encode-category',
        input: register,
        categories: numbers,
        missing: Number.NaN,
        unknown: -1,
      });
      codes = { register: code!, numbers, positions: new Map() };
      this.codes.set(register, codes);
    }
    return codes;
  }

  /** Texts of one value in the codes of another list of texts, which must hold them. */
  recode(value: TextValue, texts: readonly string[]): Register {
    if (value.texts === texts) return value.register;
    return this.gather(
      value.register,
      value.texts.map((text) => texts.indexOf(text)),
    );
  }

  /** A register that is 1 where the condition is not 1, within one that may be absent. */
  guard(invalid: Register, condition?: Register): void {
    const only = condition === undefined ? invalid : this.b.combine('and', [invalid], [condition])[0]!;
    this.guards.push(only);
  }
}

function refuseDate(type: DateType, at: Element): never {
  return at.refuse(
    `takes a ${type} for a number`,
    'Make it a number with dateDaysSinceYear, dateSecondsSinceYear or dateSecondsSinceMidnight.',
  );
}

export interface NumberCodes {
  readonly register: Register;
  readonly numbers: number[];
  readonly positions: Map<number, number>;
}

export function numberCode({ numbers, positions }: NumberCodes, number: number): number {
  const known = positions.get(number === 0 ? 0 : number);
  if (known !== undefined) return known;
  positions.set(number === 0 ? 0 : number, numbers.length);
  return numbers.push(number) - 1;
}

/** A constant as a number: NaN for a missing one. */
export function numberOf({ value }: ConstantValue, at: Element): number {
  if (value === null) return Number.NaN;
  if (typeof value === 'number') return value;
  if (value === 'true') return 1;
  if (value === 'false') return 0;
  return at.parse(value, 'its value');
}
