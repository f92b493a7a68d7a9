import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { mersenne } from 'pure-rand/generator/mersenne';

/** Texts that try to end a dollar quote, and what minifiers and SQL escape. */
export function hostile(text: string): string {
  return `${text}$$ $pgscore$ $q$ ' " \\ \n é 😀 */ -- ${'$'}`;
}

export function dice(seed: number): number {
  return uniformInt(mersenne(seed), 1, 6);
}

let calls = 0;

/** The bundle is evaluated once per session: its state stays. */
export function countCalls(): number {
  calls += 1;
  return calls;
}

export function ignore(value: unknown): void {
  void value;
}
