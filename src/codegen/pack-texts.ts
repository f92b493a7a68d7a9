import type { PackedTexts } from '../plv8/terms.ts';

/** Texts as one, which engines read faster than a list. */
export function packTexts(texts: readonly string[]): PackedTexts {
  const joined = texts.join('');
  let code = 10;
  while (joined.includes(String.fromCharCode(code))) code += 1;
  const separator = String.fromCharCode(code);
  return { separator, joined: texts.join(separator) };
}
