import type { Register } from '../../ir/model.ts';

/** What the tests on the way to a place in a tree say of registers: a list that shares its tail. */
export interface Facts {
  readonly register: Register;
  readonly fact: Fact;
  readonly rest: Facts | undefined;
}

/** Where it is a number: in (above, upTo], and among or not among codes. */
export interface Fact {
  readonly missing: 'no' | 'yes' | 'maybe';
  readonly above: number;
  readonly upTo: number;
  readonly among: ReadonlySet<number> | undefined;
  readonly except: ReadonlySet<number> | undefined;
}

/** A test of one register: `x <= threshold`, or membership of `codes`. */
export type Test =
  | { readonly kind: 'threshold'; readonly register: Register; readonly threshold: number }
  | { readonly kind: 'codes'; readonly register: Register; readonly codes: readonly number[] };

export function factOf(facts: Facts | undefined, register: Register, present: boolean, known?: number): Fact {
  for (let each = facts; each !== undefined; each = each.rest)
    if (each.register === register) return each.fact;
  const among = known === undefined ? undefined : new Set(Array.from({ length: known }, (_, code) => code));
  return {
    missing: present ? 'no' : 'maybe',
    above: Number.NEGATIVE_INFINITY,
    upTo: Infinity,
    among,
    except: undefined,
  };
}

export function withFact(facts: Facts | undefined, register: Register, fact: Fact): Facts {
  return { register, fact, rest: facts };
}

/** Whether the test can hold, or fail, for a value that is not missing. -Infinity itself counts as never met. */
export function possible(test: Test, fact: Fact): { readonly yes: boolean; readonly no: boolean } {
  if (fact.missing === 'yes') return { yes: false, no: false };
  if (test.kind === 'threshold') {
    return {
      yes: fact.above < test.threshold || test.threshold === -Infinity,
      no: fact.upTo > test.threshold,
    };
  }
  if (fact.among === undefined) {
    const yes = test.codes.some((code) => !(fact.except?.has(code) ?? false));
    return { yes, no: true };
  }
  const inside = test.codes.filter((code) => fact.among!.has(code)).length;
  return { yes: inside > 0, no: inside < fact.among.size };
}

/** What is known once the test is met, or not; of missing values nothing changes. */
export function narrowed(test: Test, fact: Fact, met: boolean): Fact {
  if (test.kind === 'threshold') {
    return met
      ? { ...fact, upTo: Math.min(fact.upTo, test.threshold) }
      : { ...fact, above: Math.max(fact.above, test.threshold) };
  }
  const codes = new Set(test.codes);
  if (met) {
    const among = [...codes].filter((code) => allows(fact, code));
    return { ...fact, among: new Set(among), except: undefined };
  }
  if (fact.among !== undefined) {
    return { ...fact, among: new Set([...fact.among].filter((code) => !codes.has(code))) };
  }
  return { ...fact, except: new Set([...(fact.except ?? []), ...codes]) };
}

function allows({ among, except }: Fact, code: number): boolean {
  return among === undefined ? !(except?.has(code) ?? false) : among.has(code);
}
