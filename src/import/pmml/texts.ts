import type { Register, TextChange } from '../../ir/model.ts';
import { once } from '../once.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import type { TextValue } from './values.ts';

/** A text that may be any, by the register that holds it; `texts` grows as the model names further ones. */
export function openText(text: Register, texts: string[], { b }: Lowering, present = false): TextValue {
  const [code] = b.add({
    kind: 'encode-category',
    input: text,
    categories: texts,
    missing: Number.NaN,
    unknown: -1,
  });
  return { kind: 'text', register: code!, texts, open: true, present, source: () => text };
}

/** The source of a text after changes, and with what stands for a missing one. */
export function changedSource(
  source: TextValue['source'],
  changes: readonly TextChange[],
  missing: string | null,
  at: Element,
  lowering: Lowering,
): TextValue['source'] {
  if (source === undefined || (changes.length === 0 && missing === null)) return source;
  return once(() => lowering.makeText({ kind: 'change-text', input: source(), changes, missing }, at));
}

/** The value without a source: what its code says is not what the register of its text holds. */
export function withSource(value: TextValue, source: TextValue['source']): TextValue {
  const { source: _, ...rest } = value;
  return source === undefined ? rest : { ...rest, source };
}
