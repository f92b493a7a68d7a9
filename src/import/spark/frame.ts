import type { Register } from '../../ir/model.ts';
import type { TermOperation, TextOperation, TextSplit } from '../../ir/text-steps.ts';
import { once } from '../once.ts';

/** A number of a column or one element of a vector, with what Spark's column metadata would say of it. */
export interface Part {
  readonly register: Register;
  /** How many values a nominal number has: 0 … arity - 1. Absent for other numbers. */
  readonly arity?: number;
  /** Whether a row can make it NaN. */
  readonly mayBeMissing: boolean;
  /** Whether no row makes it negative (counts of terms); absent where that is not known. */
  readonly atLeastZero?: boolean;
}

/** What a column of the table holds at one point of the pipeline. */
export type Column = RawColumn | NumberColumn | VectorColumn | TextColumn | TermsColumn | ConcatenationColumn;

/** A column of the caller's table: its first user decides whether it is a number, a text or a vector. */
export interface RawColumn {
  readonly kind: 'raw';
  readonly name: string;
}

export interface NumberColumn extends Part {
  readonly kind: 'number';
}

export interface VectorColumn {
  readonly kind: 'vector';
  readonly parts: readonly Part[];
}

/** A text that the pipeline makes: the one of each index. NaN stands for NULL. */
export interface TextColumn {
  readonly kind: 'text';
  readonly index: Register;
  readonly texts: readonly string[];
}

/** The terms of a text, in their order: what CountTerms does before it counts. */
export interface TermsColumn {
  readonly kind: 'terms';
  /** A text feature. */
  readonly text: Register;
  readonly changes: readonly TextOperation[];
  readonly split: TextSplit;
  readonly operations: readonly TermOperation[];
}

/** Texts of the table and constants, one behind the other; NULL where one of them is. */
export interface ConcatenationColumn {
  readonly kind: 'concatenation';
  readonly pieces: readonly (RawColumn | string)[];
}

export function vectorColumn(registers: readonly Register[], mayBeMissing: boolean): VectorColumn {
  return { kind: 'vector', parts: registers.map((register) => ({ register, mayBeMissing })) };
}

export function numberColumn(register: Register, mayBeMissing: boolean, arity?: number): NumberColumn {
  return { kind: 'number', register, mayBeMissing, ...(arity === undefined ? {} : { arity }) };
}

/** Makes a column when it is first asked for: what the prediction does not need adds no steps and no features. */
export type Lazy<T> = () => T;

/** The columns of the table, by name, as the stages before have left them. */
export class Frame {
  private readonly columns = new Map<string, Lazy<Column>>();
  private written = new Set<string>();

  /** The column as it is now, whatever later stages put in its place. */
  column(name: string): Lazy<Column> {
    return this.columns.get(keyOf(name)) ?? (() => ({ kind: 'raw', name }));
  }

  set(name: string, column: Lazy<Column>): void {
    this.columns.set(keyOf(name), once(column));
    this.written.add(name);
  }

  /** Begins a stage. */
  begin(): void {
    this.written = new Set();
  }

  /** The columns that the last stage has written. */
  recent(): readonly string[] {
    return [...this.written];
  }

  /** A table that begins as this one is now. */
  fork(): Frame {
    const copy = new Frame();
    for (const [name, column] of this.columns) copy.columns.set(name, column);
    return copy;
  }
}

/**
 * Columns of SQL without a name are called by their expressions, in which Spark sets parentheses, spaces and capitals
 * of its own.
 */
function keyOf(name: string): string {
  if (!/[()]/.test(name)) return name;
  return name
    .replaceAll(/[\s()`'"]/g, '')
    .replaceAll('==', '=')
    .toUpperCase();
}
