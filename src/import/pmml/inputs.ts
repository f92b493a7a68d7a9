import type { Feature, Register } from '../../ir/model.ts';
import { isDateType, readDate } from './dates.ts';
import { toFloat } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import type { DataField } from './scan.ts';
import { openText } from './texts.ts';
import { parseConstant } from './types.ts';
import { number, type Value } from './values.ts';

/** What callers give for a field: dates and times are texts of ISO 8601. */
export function featureFor(field: DataField): Feature {
  const { name, type } = field;
  if (type === 'string') return { kind: 'text', name, categories: [...field.valid] };
  if (isDateType(type)) return { kind: 'text', name, categories: [] };
  const integer = type === 'integer' ? { integer: true } : {};
  const categories =
    field.optype === 'continuous'
      ? []
      : [...new Set(field.valid.map((text) => parseConstant(field.element, text, type)))];
  return { kind: 'number', name, ...integer, ...(categories.length === 0 ? {} : { categories }) };
}

/** What the model makes of it first: texts become their numbers, floats are rounded. */
export function inputValue(
  field: DataField,
  feature: Feature,
  register: Register,
  lowering: Lowering,
): Value {
  const { type } = field;
  if (isDateType(type)) {
    const date = readDate(register, type, lowering);
    return { ...number(date.register, type), unreadable: date.unreadable };
  }
  if (type === 'string') {
    const text = openText(register, feature.categories as string[], lowering);
    return field.optype === 'ordinal' ? { ...text, order: field.valid } : text;
  }
  return number(type === 'float' ? toFloat(register, lowering) : register, type);
}
