import { cityHash64 } from './city-hash.ts';
import { averageTerms, countTerms } from './evaluate-terms.ts';
import type { TextStep } from './text-steps.ts';

/** What a step writes to its registers for a text, or for NULL. */
export function runTextStep(step: TextStep, text: string | null): readonly number[] {
  switch (step.kind) {
    case 'hash-text':
      return [text === null ? step.missing : Number(BigInt.asUintN(32, cityHash64(utf8(text))))];
    case 'count-terms':
      return countTerms(step, text);
    case 'average-terms':
      return averageTerms(step, text);
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
