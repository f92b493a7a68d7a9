import type { Register } from '../../ir/model.ts';
import { type Fact, type Facts, factOf, narrowed, possible, type Test, withFact } from './facts.ts';
import type { Lowering } from './lowering.ts';
import { type Predicate, truth } from './predicates.ts';

export type MissingStrategy = 'none' | 'lastPrediction' | 'nullPrediction' | 'defaultChild';

/** Where a node's decision leads: to a child, to the node itself (its own score), or to no prediction. */
export type Target =
  | { readonly kind: 'child'; readonly index: number; readonly facts: Facts | undefined }
  | { readonly kind: 'last' }
  | { readonly kind: 'null' };

/** A binary tree over tests; a missing value goes where `missing` says. */
export type Decision = Target | Split;

export interface Split {
  readonly kind: 'split';
  readonly test: Test;
  readonly missing: 'yes' | 'no';
  readonly yes: Decision;
  readonly no: Decision;
}

/** A node's children in order, and what happens when none is true or one is unknown. */
export interface Choice {
  readonly predicates: readonly Predicate[];
  readonly noTrue: 'last' | 'null';
  readonly strategy: MissingStrategy;
  readonly defaultChild: number | undefined;
}

/** The first child that is true, as few tests as the facts leave open. */
export function decide(choice: Choice, facts: Facts | undefined, lowering: Lowering): Decision {
  return new Decider(choice, lowering).from(0, facts);
}

class Decider {
  private readonly choice: Choice;
  private readonly lowering: Lowering;

  constructor(choice: Choice, lowering: Lowering) {
    this.choice = choice;
    this.lowering = lowering;
  }

  from(index: number, facts: Facts | undefined): Decision {
    const predicate = this.choice.predicates[index];
    if (predicate === undefined) return { kind: this.choice.noTrue };
    switch (predicate.kind) {
      case 'constant':
        if (predicate.value === true) return { kind: 'child', index, facts };
        return predicate.value === false ? this.from(index + 1, facts) : this.unknown(index, facts);
      case 'missing':
        return this.missing(predicate, index, facts);
      case 'compare':
      case 'member': {
        const { test, negated, known } = testOf(predicate);
        const fact = factOf(facts, test.register, predicate.present, known);
        return this.simple(test, negated, fact, index, facts);
      }
      case 'compound':
        return this.compound(predicate, index, facts);
    }
  }

  private unknown(index: number, facts: Facts | undefined): Decision {
    switch (this.choice.strategy) {
      case 'none':
        return this.from(index + 1, facts);
      case 'lastPrediction':
        return { kind: 'last' };
      case 'nullPrediction':
        return { kind: 'null' };
      case 'defaultChild':
        return this.choice.defaultChild === undefined
          ? { kind: 'null' }
          : { kind: 'child', index: this.choice.defaultChild, facts };
    }
  }

  private missing(
    { register, negated }: Extract<Predicate, { kind: 'missing' }>,
    index: number,
    facts: Facts | undefined,
  ): Decision {
    const fact = factOf(facts, register, false);
    const child = (at: Facts | undefined): Decision => ({ kind: 'child', index, facts: at });
    const rest = (at: Facts | undefined): Decision => this.from(index + 1, at);
    const [absent, present] = negated ? [rest, child] : [child, rest];
    if (fact.missing === 'yes') return absent(facts);
    if (fact.missing === 'no') return present(facts);
    return presentTest(
      register,
      present(withFact(facts, register, { ...fact, missing: 'no' })),
      absent(withFact(facts, register, { ...fact, missing: 'yes' })),
    );
  }

  private simple(
    test: Test,
    negated: boolean,
    fact: Fact,
    index: number,
    facts: Facts | undefined,
  ): Decision {
    const { register } = test;
    const can = possible(test, fact);
    const [canTrue, canFalse] = negated ? [can.no, can.yes] : [can.yes, can.no];
    const canMiss = fact.missing !== 'no';
    const at = (met: boolean, missing: Fact['missing']): Facts =>
      withFact(facts, register, { ...narrowed(test, fact, met !== negated), missing });
    const child = (): Decision => ({ kind: 'child', index, facts: at(true, 'no') });
    const split = (whenTrue: Decision, whenFalse: Decision, missingIsTrue: boolean): Split => ({
      kind: 'split',
      test,
      missing: missingIsTrue === negated ? 'no' : 'yes',
      yes: negated ? whenFalse : whenTrue,
      no: negated ? whenTrue : whenFalse,
    });

    if (!canMiss || this.choice.strategy === 'none') {
      if (!canTrue) return this.from(index + 1, facts);
      if (!canFalse) {
        if (!canMiss) return child();
        const rest = this.from(index + 1, withFact(facts, register, { ...fact, missing: 'yes' }));
        return presentTest(register, child(), rest);
      }
      return split(child(), this.from(index + 1, at(false, canMiss ? 'maybe' : 'no')), false);
    }
    const unknown = this.unknown(index, withFact(facts, register, { ...fact, missing: 'yes' }));
    if (!canTrue && !canFalse) return unknown;
    if (!canFalse) return presentTest(register, child(), unknown);
    const whenFalse = this.from(index + 1, at(false, 'no'));
    if (!canTrue) return isSame(whenFalse, unknown) ? whenFalse : presentTest(register, whenFalse, unknown);
    const whenTrue = child();
    if (isSame(unknown, whenFalse)) return split(whenTrue, forget(whenFalse, facts), false);
    if (isSame(unknown, whenTrue)) return split(forget(whenTrue, facts), whenFalse, true);
    return presentTest(register, split(whenTrue, whenFalse, false), unknown);
  }

  /** By the number that holds 0, 0.5 or 1. */
  private compound(predicate: Predicate, index: number, facts: Facts | undefined): Decision {
    const register = truth(predicate, this.lowering);
    const child: Decision = { kind: 'child', index, facts };
    const rest = this.from(index + 1, facts);
    const below = (threshold: number, yes: Decision, no: Decision): Split =>
      notAbove(register, threshold, yes, no);
    if (this.choice.strategy === 'none') return below(0.75, rest, child);
    const unknown = this.unknown(index, facts);
    return below(0.25, rest, below(0.75, unknown, child));
  }
}

/** Where missing values and others go together, less is known. */
function forget(decision: Decision, facts: Facts | undefined): Decision {
  return decision.kind === 'child' ? { ...decision, facts } : decision;
}

function isSame(a: Decision, b: Decision): boolean {
  if (a.kind === 'split' || a.kind !== b.kind) return false;
  return a.kind !== 'child' || a.index === (b as { index: number }).index;
}

function presentTest(register: Register, present: Decision, absent: Decision): Decision {
  return notAbove(register, Infinity, present, absent);
}

/** A test of a number; a missing one fails it. */
export function notAbove(register: Register, threshold: number, yes: Decision, no: Decision): Split {
  return { kind: 'split', test: { kind: 'threshold', register, threshold }, missing: 'no', yes, no };
}

/** `x < t` is `x <= ` the number before t; the others are what is left of these two. */
function testOf(predicate: Extract<Predicate, { kind: 'compare' | 'member' }>): {
  readonly test: Test;
  readonly negated: boolean;
  readonly known: number | undefined;
} {
  const { register } = predicate;
  if (predicate.kind === 'member') {
    const { codes, negated, known } = predicate;
    return { test: { kind: 'codes', register, codes }, negated, known };
  }
  const { operator, threshold } = predicate;
  const strict = operator === '<' || operator === '>=';
  return {
    test: { kind: 'threshold', register, threshold: strict ? numberBefore(threshold) : threshold },
    negated: operator === '>' || operator === '>=',
    known: undefined,
  };
}

const BYTES = new DataView(new ArrayBuffer(8));

/** The greatest double less than x, which is finite or Infinity. */
export function numberBefore(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  BYTES.setFloat64(0, x);
  BYTES.setBigInt64(0, BYTES.getBigInt64(0) + (x > 0 ? -1n : 1n));
  return BYTES.getFloat64(0);
}
