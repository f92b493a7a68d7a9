import type { Element } from './element.ts';
import { lowerDerivedField } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import { prepare } from './treatment.ts';
import type { Value } from './values.ts';

/** Names of a part of the file and what they stand for; what is not found here is asked of the parent. */
export class Scope {
  readonly lowering: Lowering;
  /** The parameters of a function whose expression is under way. */
  parameters: ReadonlySet<string> | undefined;
  private readonly parent: Scope | undefined;
  private readonly makers = new Map<string, () => Value>();
  private readonly values = new Map<string, Value>();
  private readonly underWay = new Set<string>();

  constructor(lowering: Lowering, parent?: Scope) {
    this.lowering = lowering;
    this.parent = parent;
  }

  /** Declares a name; its steps are made when it is first asked for. A later declaration hides an earlier one. */
  declare(name: string, make: () => Value): void {
    this.makers.set(name, make);
    this.values.delete(name);
  }

  has(name: string): boolean {
    return this.makers.has(name) || (this.parent?.has(name) ?? false);
  }

  /** @throws PgscoreError PGS_FILE for a name that is not defined, or that is defined by itself. */
  resolve(name: string, at: Element): Value {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const make = this.makers.get(name);
    if (make === undefined) {
      if (this.parent !== undefined) return this.parent.resolve(name, at);
      const shown = JSON.stringify(name.slice(0, 60));
      if (!this.lowering.file.fields.has(name)) at.fail(`names the field ${shown}, which is nowhere defined`);
      return at.fail(`names the field ${shown}, which no <MiningField> of the model makes active`);
    }
    if (this.underWay.has(name))
      at.fail(`makes the field ${JSON.stringify(name.slice(0, 60))} depend on itself`);
    this.underWay.add(name);
    try {
      const value = make();
      this.values.set(name, value);
      return value;
    } finally {
      this.underWay.delete(name);
    }
  }

  /** Declares <DerivedField>s. */
  derive(fields: readonly Element[]): void {
    const names = new Set<string>();
    for (const field of fields) {
      const name = field.string('name');
      if (names.has(name)) field.fail('is defined a second time');
      names.add(name);
      this.declare(name, () => lowerDerivedField(field, this));
    }
  }

  /** Declares the active fields of a <MiningSchema>: the parent's values, treated as it says. */
  admit(schema: Element, isTopLevel: boolean): void {
    const parent = this.parent;
    if (parent === undefined) return;
    for (const field of schema.all('MiningField')) {
      const name = field.string('name');
      if (!isActive(field) || !parent.has(name)) continue;
      this.declare(name, () => prepare(field, parent.resolve(name, field), this.lowering, isTopLevel));
    }
  }
}

/** The fields that the model reads; targets and what only accompanies the model are not. */
export function isActive(field: Element): boolean {
  return (field.attributes.usageType ?? 'active') === 'active';
}

export function isTarget(field: Element): boolean {
  const usage = field.attributes.usageType;
  return usage === 'target' || usage === 'predicted';
}
