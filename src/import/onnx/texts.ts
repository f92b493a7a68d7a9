import type { Register } from '../../ir/model.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import type { RowProgram } from './program.ts';
import { type ChoiceElement, type Element, isConstant } from './value.ts';

/**
 * The texts that a model compares a text feature with, and the steps that do it. ONNX has no missing text: NULL
 * counts as the empty one.
 */
export class TextTables {
  /** The texts each text feature is compared with, in the order of first mention. */
  readonly categories = new Map<Register, Set<string>>();
  readonly #encoded = new Map<string, Register>();

  /**
   * The position of an element's text in a list of different texts, `texts.length` for one that is not in it. A
   * number, or numbers chosen by the row.
   */
  position(program: RowProgram, element: Element, texts: readonly string[]): number | ChoiceElement {
    const places = new Map(texts.map((text, place) => [text, place]));
    const place = (text: unknown) => {
      if (typeof text !== 'string') throw new NodeError('a number stands where a text is needed');
      return places.get(text) ?? texts.length;
    };
    if (isConstant(element)) return place(element);
    if (element.kind === 'choice') return { ...element, values: element.values.map(place) };
    if (element.kind === 'number') throw new UnsupportedNode('texts are made of numbers that a row decides');
    if (element.kind === 'selected-text') {
      const { condition, yes, no } = element;
      const of = (text: Element) => this.position(program, text, texts);
      return chosenPosition(program, program.select([condition], [of(yes)], [of(no)])[0]!, texts.length);
    }
    if (element.changes !== undefined) {
      throw new UnsupportedNode('it compares a text whose case was changed');
    }
    const index = this.#encode(program, element.feature, texts, places.get('') ?? texts.length);
    return positions(index, texts.length);
  }

  #encode(program: RowProgram, feature: Register, texts: readonly string[], missing: number): Register {
    const known = this.categories.get(feature) ?? new Set();
    for (const text of texts) known.add(text);
    this.categories.set(feature, known);
    const key = JSON.stringify([feature, texts]);
    const before = this.#encoded.get(key);
    if (before !== undefined) return before;
    const step = {
      kind: 'encode-category',
      input: feature,
      categories: texts,
      missing,
      unknown: texts.length,
    } as const;
    const [register] = program.add(step);
    this.#encoded.set(key, register!);
    return register!;
  }
}

/** Choices know the values that they can have, which a number does not. */
function chosenPosition(program: RowProgram, position: Element, count: number): number | ChoiceElement {
  if (typeof position === 'number') return position;
  if (typeof position === 'object' && position.kind === 'choice') return position;
  return positions(program.registers([position])[0]!, count);
}

function positions(index: Register, count: number): ChoiceElement {
  return { kind: 'choice', index, values: Array.from({ length: count + 1 }, (_, place) => place) };
}
