import { type CountTerms, type Model, type Register, type Step, stepWidth } from '../../ir/model.ts';
import type { TermOperation } from '../../ir/text-steps.ts';
import type { WeighStep } from '../../ir/vector-steps.ts';
import type { Builder } from '../builder.ts';
import { moveRegisters } from '../move-registers.ts';

/** How the words of a text are counted: all that is so counted becomes one step. */
export type Counting = Pick<CountTerms, 'input' | 'split' | 'terms' | 'binary'>;

type Runs = Extract<TermOperation, { name: 'runs' }>;

/** Terms that are counted in one way. */
interface Group {
  readonly counting: Counting;
  /** The column of each term, its words joined. */
  readonly columns: Map<string, number>;
  readonly registers: Register[];
  /** Stands between the words of a term. */
  separator: string;
  most: number;
}

/**
 * The terms that a file counts one by one. Each gets a step of its own while the file is read, as only its end tells all
 * terms of a text; `share` makes one step of those of each text.
 */
export class TermCounts {
  private readonly groups = new Map<string, Group>();
  private readonly groupOf = new Map<Register, Group>();

  /** The register with a term's count. The separator is part of no word. */
  add(counting: Counting, words: readonly string[], separator: string, b: Builder): Register {
    const group = this.groupFor(counting);
    group.most = Math.max(group.most, words.length);
    if (words.length > 1) group.separator = separator;
    const term = words.join(separator);
    const known = group.columns.get(term);
    if (known !== undefined) return group.registers[known]!;
    const [register] = b.add(countOf(counting, [term], { min: words.length, max: words.length, separator }));
    group.columns.set(term, group.registers.length);
    group.registers.push(register!);
    this.groupOf.set(register!, group);
    return register!;
  }

  private groupFor(counting: Counting): Group {
    const key = JSON.stringify(counting);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { counting, columns: new Map(), registers: [], separator: '', most: 1 };
      this.groups.set(key, group);
    }
    return group;
  }

  /**
   * The model with one step for the terms of a text, which costs what the text costs, and one for what their counts are
   * multiplied with.
   */
  share(model: Model): Model {
    if (this.groups.size === 0) return model;
    const factors = this.factorsIn(model);
    const factorOf = new Set(
      [...factors.values()].flatMap((each) => [...each.values()]).map(({ register }) => register),
    );
    const places = new Places(model.features.length);
    let first = model.features.length;
    for (const step of model.steps) {
      const group = this.groupOf.get(first);
      const registers = Array.from({ length: stepWidth(step) }, (_, i) => first + i);
      if (group?.registers[0] === first) addGroup(group, factors.get(group), places);
      else if (group === undefined && !factorOf.has(first)) places.add(step, registers);
      first += registers.length;
    }
    return moveRegisters({ ...model, steps: places.steps }, places.of);
  }

  /** For each group, the first product of each count and a constant. */
  private factorsIn({ features, steps }: Model): ReadonlyMap<Group, ReadonlyMap<Register, Product>> {
    const factors = new Map<Group, Map<Register, Product>>();
    let register = features.length;
    for (const step of steps) {
      const factor = factorIn(step);
      const group = factor === undefined ? undefined : this.groupOf.get(factor.input);
      if (factor !== undefined && group !== undefined) {
        const own = factors.get(group) ?? new Map<Register, Product>();
        factors.set(group, own);
        if (!own.has(factor.input)) own.set(factor.input, { register, by: factor.by });
      }
      register += stepWidth(step);
    }
    return factors;
  }
}

/** Steps that are numbered anew; they name what they read by its old number. */
class Places {
  readonly steps: Step[] = [];
  private readonly moved = new Map<Register, Register>();
  private next = 0;

  constructor(features: number) {
    this.place(Array.from({ length: features }, (_, feature) => feature));
  }

  /** The new number of a register. */
  readonly of = (register: Register): Register => this.moved.get(register)!;

  /** Appends a step that writes what had these numbers; undefined for what is new. */
  add(step: Step, registers: readonly (Register | undefined)[]): void {
    this.steps.push(step);
    this.place(registers);
  }

  private place(registers: readonly (Register | undefined)[]): void {
    for (const register of registers) {
      if (register !== undefined) this.moved.set(register, this.next);
      this.next++;
    }
  }
}

function addGroup(group: Group, factors: ReadonlyMap<Register, Product> | undefined, places: Places): void {
  places.add(wholeCount(group), group.registers);
  if (factors === undefined) return;
  const products = group.registers.map((register) => factors.get(register));
  places.add(
    weighStep(group, products),
    products.map((product) => product?.register),
  );
}

/** The register of a count times a constant. */
interface Product {
  readonly register: Register;
  readonly by: number;
}

function factorIn(step: Step): { readonly input: Register; readonly by: number } | undefined {
  if (step.kind !== 'map' || step.precision !== 'float64' || step.inputs.length !== 1) return undefined;
  const [operation, ...others] = step.operations;
  if (operation?.name !== 'multiply' || others.length > 0) return undefined;
  const [by] = operation.by;
  return Number.isFinite(by) ? { input: step.inputs[0]!, by: by! } : undefined;
}

function wholeCount({ counting, columns, most, separator }: Group): CountTerms {
  return countOf(counting, [...columns.keys()], { min: 1, max: most, separator });
}

function countOf(counting: Counting, terms: readonly string[], runs: Omit<Runs, 'name'>): CountTerms {
  return {
    kind: 'count-terms',
    ...counting,
    text: [],
    terms: runs.max === 1 ? counting.terms : [...counting.terms, { name: 'runs', ...runs }],
    columns: { by: 'vocabulary', terms },
    least: 0,
    missing: 'nan',
  };
}

/** A count that is multiplied with nothing keeps a column, which no step reads. */
function weighStep({ registers }: Group, products: readonly (Product | undefined)[]): WeighStep {
  return {
    kind: 'weigh',
    inputs: registers,
    sublinear: false,
    factors: products.map((product) => product?.by ?? 1),
    norm: 'none',
    precision: 'float64',
  };
}
