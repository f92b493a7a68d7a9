import { createMask, createTextChanges, type TextChanges } from './text-change.ts';

/** A text, or null for a missing one. */
export type Text = string | null;

/** A change of `src/ir/text-makers.ts`. */
export type Change =
  | { readonly name: 'lowercase' | 'uppercase' | 'fold-case' | 'trim' }
  | { readonly name: 'slice'; readonly start: number; readonly length: number }
  | { readonly name: 'map'; readonly from: readonly string[]; readonly to: readonly Text[] }
  | { readonly name: 'replace'; readonly pattern: string; readonly by: readonly (string | number)[] };

/**
 * A function that changes a text, one change after the other; `missing` stands for a text that is or becomes null.
 * `recent`: characters that count as unassigned, the inside of a class of a regular expression.
 */
export function createTextChange(
  changes: readonly Change[],
  missing: Text,
  recent: string,
): (text: Text) => Text {
  const own = createTextChanges(recent);
  const mask = createMask(recent);
  const functions = changes.map((change) => createChange(change, own, mask));
  return (text) => {
    let changed = text;
    for (const change of functions) if (changed !== null) changed = change(changed);
    return changed ?? missing;
  };
}

function createChange(
  change: Change,
  changes: TextChanges,
  mask: (text: string) => string,
): (text: string) => Text {
  switch (change.name) {
    case 'lowercase':
    case 'uppercase':
    case 'fold-case':
      return changes[change.name];
    case 'trim':
      return trim;
    case 'slice': {
      const { start, length } = change;
      return (text) => text.slice(start, start + length);
    }
    case 'map': {
      const results = new Map(change.from.map((text, i) => [text, change.to[i]!] as const));
      return (text) => (results.has(text) ? results.get(text)! : text);
    }
    case 'replace':
      return createReplacement(change.pattern, change.by, mask);
  }
}

function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 32) start++;
  while (end > start && text.charCodeAt(end - 1) <= 32) end--;
  return text.slice(start, end);
}

function createReplacement(
  pattern: string,
  by: readonly (string | number)[],
  mask: (text: string) => string,
): (text: string) => string {
  const expression = new RegExp(pattern, 'dgsu');
  return (text) => {
    let end = 0;
    let replaced = '';
    for (const { indices } of mask(text).matchAll(expression)) {
      replaced += text.slice(end, indices![0]![0]);
      for (const part of by) {
        if (typeof part === 'string') replaced += part;
        // A group that took no part has no indices.
        else if (indices![part] !== undefined) replaced += text.slice(indices![part]![0], indices![part]![1]);
      }
      end = indices![0]![1];
    }
    return replaced + text.slice(end);
  };
}

/** A function that tells whether a pattern is found in a text: 1 or 0. */
export function createMatch(pattern: string, recent: string): (text: string) => number {
  const expression = new RegExp(pattern, 'su');
  const mask = createMask(recent);
  return (text) => (expression.test(mask(text)) ? 1 : 0);
}

export function lengthOf(text: string): number {
  return text.length;
}

const NUMBER = /^[\t\n\r ]*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?)[\t\n\r ]*$/;
const INFINITE = /^[\t\n\r ]*([-+]?)INF[\t\n\r ]*$/;

/** A number as XML Schema writes a double; NaN for what is none. */
export function readNumber(text: string): number {
  const found = NUMBER.exec(text);
  if (found !== null) return Number(found[1]);
  const infinite = INFINITE.exec(text);
  return infinite === null ? Number.NaN : infinite[1] === '-' ? -Infinity : Infinity;
}

/** What `measure` gives of a text, `invalid` where that is NaN, `missing` for null. */
export function measured(
  measure: (text: string) => number,
  text: Text,
  missing: number,
  invalid: number,
): number {
  if (text === null) return missing;
  const value = measure(text);
  return Number.isNaN(value) ? invalid : value;
}

/** The parts between fixed texts, of which there is one more; null when one is. */
export function joinTexts(texts: readonly string[], parts: readonly Text[]): Text {
  let joined = texts[0]!;
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    if (part === null) return null;
    joined += part + texts[i + 1]!;
  }
  return joined;
}

/** The text at an index among fixed texts and, after these, inputs; null where there is none. */
export function chooseText(index: number, texts: readonly Text[], inputs: readonly Text[]): Text {
  const text = index < texts.length ? texts[index] : inputs[index - texts.length];
  return text ?? null;
}
