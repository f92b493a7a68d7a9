import type { Register, TextChange } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import type { DataField, Interval } from './scan.ts';
import { changedSource, withSource } from './texts.ts';
import { parseConstant } from './types.ts';
import { codeOf, type NumberValue, type TextValue, type Value } from './values.ts';

/**
 * A field as a model's <MiningField> admits it: missing values replaced, invalid ones treated, outliers moved, in the
 * order of the specification (https://dmg.org/pmml/v4-4-1/MiningSchema.html). In a nested model a field without a
 * treatment of its own is what the model around it made of it.
 */
export function prepare(field: Element, value: Value, lowering: Lowering, isTopLevel: boolean): Value {
  const treatment = treatmentOf(field);
  if (!isTopLevel && isDefault(treatment)) return value;
  if (value.kind === 'constant') return value;
  const declared = lowering.file.fields.get(field.string('name'));
  return treat(field, treatment, value, declared, lowering);
}

interface Treatment {
  readonly invalid: 'returnInvalid' | 'asIs' | 'asMissing' | 'asValue';
  readonly invalidReplacement: string | undefined;
  readonly missingReplacement: string | undefined;
  readonly missingIsInvalid: boolean;
  readonly outliers: 'asIs' | 'asMissingValues' | 'asExtremeValues';
  readonly low: number | undefined;
  readonly high: number | undefined;
}

function treatmentOf(field: Element): Treatment {
  const outliers = field.choice('outliers', ['asIs', 'asMissingValues', 'asExtremeValues'], 'asIs');
  const low = field.optionalNumber('lowValue');
  const high = field.optionalNumber('highValue');
  if (outliers !== 'asIs' && low === undefined && high === undefined) {
    field.fail('treats outliers, but has neither lowValue nor highValue');
  }
  const missing = field.choice(
    'missingValueTreatment',
    ['asIs', 'asMean', 'asMode', 'asMedian', 'asValue', 'returnInvalid'],
    'asIs',
  );
  const invalid = field.choice(
    'invalidValueTreatment',
    ['returnInvalid', 'asIs', 'asMissing', 'asValue'],
    'returnInvalid',
  );
  const invalidReplacement = field.attributes.invalidValueReplacement;
  if (invalid === 'asValue' && invalidReplacement === undefined) {
    field.fail('treats invalid values as a value, but has no invalidValueReplacement');
  }
  return {
    invalid,
    invalidReplacement,
    missingReplacement: field.attributes.missingValueReplacement,
    missingIsInvalid: missing === 'returnInvalid',
    outliers,
    low,
    high,
  };
}

function isDefault(treatment: Treatment): boolean {
  return (
    (treatment.invalid === 'returnInvalid' || treatment.invalid === 'asIs') &&
    treatment.invalidReplacement === undefined &&
    treatment.missingReplacement === undefined &&
    !treatment.missingIsInvalid &&
    treatment.outliers === 'asIs'
  );
}

function treat(
  field: Element,
  treatment: Treatment,
  value: NumberValue | TextValue,
  declared: DataField | undefined,
  lowering: Lowering,
): Value {
  const { b } = lowering;
  const domain = declared === undefined ? undefined : domainOf(declared, value, lowering);
  let register = value.register;
  let invalid: Register | undefined;
  let source = value.kind === 'text' ? value.source : undefined;
  let known: number | undefined = value.kind === 'text' ? value.known : undefined;

  if (domain?.missing !== undefined) {
    register = b.select([domain.missing], [lowering.constant(Number.NaN)], [register])[0]!;
    source = changedSource(source, textsTo(declared!.missing, null), null, field, lowering);
  }
  if (treatment.outliers !== 'asIs') {
    if (value.kind === 'text') field.fail('treats outliers of a text');
    register = outliers(register, treatment, lowering);
  }
  const outside = unreadableOr(value, domain?.invalid, lowering);
  if (outside !== undefined) {
    switch (treatment.invalid) {
      case 'returnInvalid':
        lowering.guard(outside);
        break;
      case 'asMissing':
        register = b.select([outside], [lowering.constant(Number.NaN)], [register])[0]!;
        source = changedSource(source, textsTo(declared?.invalid ?? [], null), null, field, lowering);
        break;
      case 'asIs':
      case 'asValue':
        if (treatment.invalidReplacement !== undefined) {
          const code = replacement(field, treatment.invalidReplacement, value);
          register = b.select([outside], [lowering.constant(code)], [register])[0]!;
          source = changedSource(
            source,
            textsTo(declared?.invalid ?? [], treatment.invalidReplacement),
            null,
            field,
            lowering,
          );
        } else if (value.kind === 'number' && value.unreadable !== undefined) {
          // There is nothing that it could stay as.
          lowering.guard(value.unreadable);
        }
        invalid = outside;
        break;
    }
    if (value.kind === 'text' && treatment.invalid !== 'asIs') known = domain?.known;
  }
  if (treatment.missingIsInvalid) lowering.guard(b.map([register], { name: 'is-nan' })[0]!);
  const { missingReplacement } = treatment;
  if (missingReplacement !== undefined) {
    const by = replacement(field, missingReplacement, value);
    if (known !== undefined && by >= known) known = undefined;
    register = b.map([register], { name: 'impute', missing: Number.NaN, by: [by] })[0]!;
    source = changedSource(source, [], missingReplacement, field, lowering);
  }
  const common = { register, present: value.present || missingReplacement !== undefined };
  const flag = invalid === undefined ? {} : { invalid };
  if (value.kind === 'number') return { ...value, ...common, ...flag };
  // What is not in a list of allowed texts is another one here than in the text itself.
  const isMoved = treatment.invalid === 'asMissing' || treatment.invalidReplacement !== undefined;
  const isListed = domain?.known !== undefined && isMoved;
  const { known: _, ...text } = withSource(value, isListed ? undefined : source);
  return { ...text, ...common, ...flag, ...(known === undefined ? {} : { known }) };
}

function textsTo(texts: readonly string[], to: string | null): readonly TextChange[] {
  return texts.length === 0 ? [] : [{ name: 'map', from: texts, to: texts.map(() => to) }];
}

/** 1 where a value is not allowed, or where a date cannot be read. */
function unreadableOr(
  value: NumberValue | TextValue,
  invalid: Register | undefined,
  { b }: Lowering,
): Register | undefined {
  const unreadable = value.kind === 'number' ? value.unreadable : undefined;
  if (unreadable === undefined || invalid === undefined) return unreadable ?? invalid;
  return b.combine('or', [invalid], [unreadable])[0]!;
}

/** The code of a text, or a number. */
function replacement(field: Element, text: string, value: NumberValue | TextValue): number {
  if (value.kind === 'number') return parseConstant(field, text, value.type);
  const code = codeOf(value, text);
  if (code === -1)
    field.refuse(`replaces a value by ${JSON.stringify(text.slice(0, 60))}, which is not among its values`);
  return code;
}

/** Clamped, or NaN, outside [low, high]. */
function outliers(register: Register, { outliers, low, high }: Treatment, lowering: Lowering): Register {
  const { b } = lowering;
  const limits: ['max' | 'min', '<' | '>', number][] = [];
  if (low !== undefined) limits.push(['max', '<', low]);
  if (high !== undefined) limits.push(['min', '>', high]);
  let result = register;
  for (const [clamp, outside, limit] of limits) {
    if (outliers === 'asExtremeValues') result = b.map([result], { name: clamp, by: [limit] })[0]!;
    else {
      const isOutside = b.compare([register], outside, [limit]);
      result = b.select(isOutside, [lowering.constant(Number.NaN)], [result])[0]!;
    }
  }
  return result;
}

interface Domain {
  /** 1 for a value that the field does not allow. */
  readonly invalid: Register | undefined;
  /** 1 for a value that stands for a missing one. */
  readonly missing: Register | undefined;
  /** How many texts are allowed, the first ones. */
  readonly known: number | undefined;
}

const DOMAINS = new WeakMap<Lowering, Map<string, Domain>>();

/** What the field's declaration allows. Once a field: every model that admits it shares the steps. */
function domainOf(field: DataField, value: NumberValue | TextValue, lowering: Lowering): Domain {
  let domains = DOMAINS.get(lowering);
  if (domains === undefined) {
    domains = new Map();
    DOMAINS.set(lowering, domains);
  }
  const key = `${value.register} ${field.name}`;
  let domain = domains.get(key);
  if (domain === undefined) {
    domain =
      value.kind === 'text' ? textDomain(field, value, lowering) : numberDomain(field, value, lowering);
    domains.set(key, domain);
  }
  return domain;
}

function textDomain(field: DataField, value: TextValue, { b }: Lowering): Domain {
  const codes = (texts: readonly string[]): number[] => texts.map((text) => codeOf(value, text));
  const member = (texts: readonly string[], inside: number, outside: number): Register =>
    b.add({
      kind: 'lookup',
      inputs: [value.register],
      keys: [Number.NaN, ...codes(texts)],
      values: [0, ...texts.map(() => inside)],
      default: outside,
    })[0]!;
  const { valid, invalid, missing } = field;
  const allowed = [...valid, ...missing];
  return {
    missing: missing.length === 0 ? undefined : member(missing, 1, 0),
    invalid:
      valid.length > 0 ? member(allowed, 0, 1) : invalid.length > 0 ? member(invalid, 1, 0) : undefined,
    known: valid.length > 0 ? valid.length : undefined,
  };
}

function numberDomain(field: DataField, value: NumberValue, lowering: Lowering): Domain {
  const { b } = lowering;
  const numbers = (texts: readonly string[]): number[] => [
    ...new Set(texts.map((text) => parseConstant(field.element, text, value.type))),
  ];
  const member = (
    texts: readonly string[],
    others: readonly number[],
    inside: number,
    outside: number,
  ): Register => {
    const keys = [...new Set([...numbers(texts), ...others])];
    return b.add({
      kind: 'lookup',
      inputs: [value.register],
      keys: [Number.NaN, ...keys],
      values: [0, ...keys.map(() => inside)],
      default: outside,
    })[0]!;
  };
  const { valid, invalid, missing, intervals } = field;
  const missingFlag = missing.length === 0 ? undefined : member(missing, [], 1, 0);
  const none = { known: undefined, missing: missingFlag };
  if (valid.length > 0) return { ...none, invalid: member([...valid, ...missing], [], 0, 1) };
  const listed = invalid.length === 0 ? undefined : member(invalid, [], 1, 0);
  if (intervals.length === 0) return { ...none, invalid: listed };
  let outside = b.map(
    [
      b.reduce(
        'max',
        intervals.map((interval) => insideOf(value.register, interval, lowering)),
      ),
    ],
    { name: 'subtract', by: [1] },
    { name: 'negate' },
  )[0]!;
  const missingOrNaN = b.map([value.register], { name: 'is-nan' })[0]!;
  const excused = missingFlag === undefined ? missingOrNaN : b.reduce('max', [missingOrNaN, missingFlag]);
  outside = b.combine('>', [outside], [excused])[0]!;
  return { ...none, invalid: listed === undefined ? outside : b.reduce('max', [outside, listed]) };
}

/** 1 where the number is inside the interval; 0 for NaN. */
export function insideOf(register: Register, interval: Interval, { b }: Pick<Lowering, 'b'>): Register {
  const tests: Register[] = [];
  const { left, right } = interval;
  if (left !== -Infinity) tests.push(b.compare([register], interval.leftClosed ? '>=' : '>', [left])[0]!);
  if (right !== Infinity) tests.push(b.compare([register], interval.rightClosed ? '<=' : '<', [right])[0]!);
  if (tests.length === 0) tests.push(b.compare([register], '>=', [-Infinity])[0]!);
  return tests.length === 1 ? tests[0]! : b.reduce('min', tests);
}
