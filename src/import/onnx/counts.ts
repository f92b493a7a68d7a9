import type { CountTerms, Precision, Register, WeighStep } from '../../ir/model.ts';
import { type Element, isConstant } from './value.ts';

/** A text of PostgreSQL has at most 1 GB. */
const MOST_TERMS = 2 ** 30;
/** Sums of squares of numbers up to this stay finite in float32. */
const MAX_WEIGHED = 2 ** 60;

interface Row {
  readonly width: number;
  /** Of all its numbers together, at most. */
  readonly sum: number;
}

/**
 * The steps of a program that count the terms of a text or weigh such counts. Their numbers are 0 but for a few, and none
 * is negative, infinite or NaN: a step that passes over zeros gives them what a node by node program would.
 */
export class TermRows {
  readonly #rows = new Map<Register, Row>();

  /** Notes a step that counts terms of every text, an empty one in place of NULL. */
  counted(step: CountTerms, registers: readonly Register[]): void {
    if (step.missing === 'empty' && step.columns.by === 'vocabulary')
      this.#rows.set(registers[0]!, { width: registers.length, sum: MOST_TERMS });
  }

  /** The step that weighs elements, where these are all numbers of one such step; undefined otherwise. */
  weighing(
    elements: readonly Element[],
    { factors, norm }: Pick<WeighStep, 'factors' | 'norm'>,
    precision: Precision,
  ): WeighStep | undefined {
    const inputs = registersOf(elements);
    const row = this.#rowOf(inputs);
    if (inputs === undefined || row === undefined || !fits(row, factors)) return undefined;
    const scaling = factors === undefined ? {} : { factors };
    return { kind: 'weigh', inputs, sublinear: false, ...scaling, norm, precision };
  }

  /** Notes a step that `weighing` gave. */
  weighed({ inputs, factors, norm }: WeighStep, registers: readonly Register[]): void {
    const { width, sum } = this.#rowOf(inputs)!;
    // A norm leaves no number above 1, but for rounding.
    this.#rows.set(registers[0]!, { width, sum: norm === 'none' ? sum * greatest(factors) : 2 * width });
  }

  #rowOf(registers: readonly Register[] | undefined): Row | undefined {
    if (registers === undefined || registers.length === 0) return undefined;
    const first = registers[0]!;
    const row = this.#rows.get(first);
    if (row?.width !== registers.length) return undefined;
    return registers.every((register, k) => register === first + k) ? row : undefined;
  }
}

function registersOf(elements: readonly Element[]): readonly Register[] | undefined {
  const registers: Register[] = [];
  for (const element of elements) {
    if (isConstant(element) || element.kind !== 'number') return undefined;
    registers.push(element.register);
  }
  return registers;
}

function fits({ sum }: Row, factors: readonly number[] | undefined): boolean {
  return (factors ?? []).every((factor) => factor >= 0) && sum * greatest(factors) <= MAX_WEIGHED;
}

function greatest(factors: readonly number[] = [1]): number {
  return factors.reduce((most, factor) => Math.max(most, factor), 0);
}
