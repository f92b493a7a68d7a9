import type { Feature, Register } from '../../ir/model.ts';
import { toFloat } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import type { DataField } from './scan.ts';
import { parseConstant } from './types.ts';
import { number, type Value } from './values.ts';

/** What callers give for a field that is no date. */
export function featureFor(field: DataField): Feature {
  const { name, type } = field;
  if (type === 'string') return { kind: 'text', name, categories: [...field.valid] };
  const integer = type === 'integer' ? { integer: true } : {};
  const categories =
    field.optype === 'continuous'
      ? []
      : [...new Set(field.valid.map((text) => parseConstant(field.element, text, type!)))];
  return { kind: 'number', name, ...integer, ...(categories.length === 0 ? {} : { categories }) };
}

/** What the model makes of it first: texts become their numbers, floats are rounded. */
export function inputValue(
  field: DataField,
  feature: Feature,
  register: Register,
  lowering: Lowering,
): Value {
  if (feature.kind === 'text') {
    const texts = feature.categories as string[];
    const [code] = lowering.b.add({
      kind: 'encode-category',
      input: register,
      categories: texts,
      missing: Number.NaN,
      unknown: -1,
    });
    const order = field.optype === 'ordinal' ? { order: field.valid } : {};
    return { kind: 'text', register: code!, texts, open: true, present: false, ...order };
  }
  const type = field.type as 'integer' | 'float' | 'double' | 'boolean';
  return number(type === 'float' ? toFloat(register, lowering) : register, type);
}
