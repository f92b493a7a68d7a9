import type { CountTerms, Register, TextOperation } from '../../ir/model.ts';
import type { DataType } from './file.ts';

/**
 * What a name in the graph stands for when one row is scored (batch dimensions are 1): shapes are known, and each
 * element is a constant or depends on the row.
 */
export type Value = Tensor | Sequence | Dictionary | Terms;

export interface Tensor {
  readonly kind: 'tensor';
  readonly type: DataType;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly elements: readonly Element[];
}

export interface Sequence {
  readonly kind: 'sequence';
  readonly values: readonly Value[];
}

/** The terms of a row's text, of which nobody knows how many there are. */
export interface Terms extends Pick<CountTerms, 'text' | 'split' | 'terms'> {
  readonly kind: 'terms';
  readonly feature: Register;
  /** The term that fills rows with fewer terms than others. */
  readonly padding: string;
}

/** Keys are unique; `values` holds one element a key. */
export interface Dictionary {
  readonly kind: 'map';
  readonly keys: readonly (string | number)[];
  readonly values: readonly Element[];
}

/** A number or text known at import (booleans are 1 and 0), or one that depends on the row. */
export type Element = Constant | RowElement;
export type Constant = number | string;
export type RowElement = NumberElement | ChoiceElement | TextElement | SelectedText;

/** The number in a register; a float32 that is not `rounded` counts as the register's value rounded to float32. */
export interface NumberElement {
  readonly kind: 'number';
  readonly register: Register;
  readonly rounded: boolean;
}

/** values[index]: what is chosen by a register that holds 0, 1, … (or NaN, which chooses NaN). */
export interface ChoiceElement {
  readonly kind: 'choice';
  readonly index: Register;
  readonly values: readonly Constant[];
}

/** The text of a text feature, perhaps changed. */
export interface TextElement {
  readonly kind: 'text';
  readonly feature: Register;
  readonly changes?: readonly TextOperation[];
}

/** One of two texts, of which one at least is a row's own: `yes` where the condition, a truth value, holds. */
export interface SelectedText {
  readonly kind: 'selected-text';
  readonly condition: NumberElement | ChoiceElement;
  readonly yes: Element;
  readonly no: Element;
}

export function tensor(type: DataType, shape: readonly number[], elements: readonly Element[]): Tensor {
  return { kind: 'tensor', type, shape, elements };
}

export function isConstant(element: Element): element is Constant {
  return typeof element !== 'object';
}

/** The element's constants as others; undefined when it has none. */
export function eachConstant(element: Element, convert: (value: Constant) => Constant): Element | undefined {
  if (isConstant(element)) return convert(element);
  return element.kind === 'choice' ? { ...element, values: element.values.map(convert) } : undefined;
}

/** Whether it is a text that only the row knows. */
export function isRowText(element: Element): element is TextElement | SelectedText {
  return !isConstant(element) && (element.kind === 'text' || element.kind === 'selected-text');
}

/** The elements as constants, or undefined when one depends on the row. */
export function constantsOf({ elements }: Tensor): readonly Constant[] | undefined {
  return elements.every(isConstant) ? (elements as readonly Constant[]) : undefined;
}

export function isFloat(type: DataType): boolean {
  return type === 'float32' || type === 'float64';
}

/** The number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
