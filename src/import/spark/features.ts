import { PgscoreError } from '../../errors.ts';
import type { Feature, Register } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';

/** More features than any table has columns; step registers begin here until all features are known. */
export const MAX_FEATURES = 100_000;

interface Facts {
  readonly name: string;
  readonly kind: 'number' | 'text';
  readonly categories: Set<string | number>;
}

/** The signature under way: the table's columns in the order in which the prediction needs them. */
export class FeatureTable {
  private readonly facts: Facts[] = [];
  private readonly scalars = new Map<string, Register>();
  private readonly vectors = new Map<string, readonly Register[]>();

  /** The register of a column of numbers or texts; undefined when it is used as the other kind already. */
  scalar(
    name: string,
    kind: 'number' | 'text',
    categories: Iterable<string | number> = [],
  ): Register | undefined {
    if (this.vectors.has(name)) return undefined;
    const register = this.scalars.get(name) ?? this.push(name, kind);
    this.scalars.set(name, register);
    const facts = this.facts[register]!;
    if (facts.kind !== kind) return undefined;
    for (const category of categories) facts.categories.add(category);
    return register;
  }

  kindOf(name: string): 'number' | 'text' | undefined {
    const register = this.scalars.get(name);
    return register === undefined ? undefined : this.facts[register]!.kind;
  }

  /**
   * The registers of a vector column: f0, f1, … for the first one, name_0, name_1, … for others. Undefined when the
   * column is used otherwise already, or is too long for a table.
   */
  vector(name: string, width: number): readonly Register[] | undefined {
    const known = this.vectors.get(name);
    if (known !== undefined) return known.length === width ? known : undefined;
    if (this.scalars.has(name) || !(width >= 1 && this.facts.length + width <= MAX_FEATURES))
      return undefined;
    const prefix = this.vectors.size === 0 ? 'f' : `${name}_`;
    const registers = Array.from({ length: width }, (_, i) => this.push(`${prefix}${i}`, 'number'));
    this.vectors.set(name, registers);
    return registers;
  }

  private push(name: string, kind: 'number' | 'text'): Register {
    this.facts.push({ name, kind, categories: new Set() });
    return this.facts.length - 1;
  }

  get size(): number {
    return this.facts.length;
  }

  /** @throws PgscoreError PGS_USAGE when the caller's names do not fit. */
  features(file: string, { features: names }: ImportOptions): readonly Feature[] {
    if (names !== undefined && names.length !== this.facts.length) {
      throw new PgscoreError(
        'PGS_USAGE',
        `${file}: ${names.length} feature names were given, but the model has ${this.facts.length} features.`,
        { hint: `Give one name a feature, in this order: ${this.facts.map(({ name }) => name).join(', ')}.` },
      );
    }
    return this.facts.map(({ name: own, kind, categories }, i): Feature => {
      const name = names?.[i] ?? own;
      if (kind === 'text') return { kind, name, categories: [...categories] as string[] };
      if (categories.size === 0) return { kind, name };
      const numbers = [...categories] as number[];
      return { kind, name, integer: numbers.every(Number.isInteger), categories: numbers };
    });
  }
}
