import { evaluate } from '../../src/ir/evaluate.ts';
import type { CountTerms, TextSplit } from '../../src/ir/model.ts';

/** A step that counts the words a and b of register 0, but for what is said. */
export function counting(
  step: Partial<CountTerms> & { readonly vocabulary?: readonly string[] },
): CountTerms {
  const { vocabulary = ['a', 'b'], ...rest } = step;
  return {
    kind: 'count-terms',
    input: 0,
    text: [],
    split: { by: 'match', pattern: '[\\p{L}\\p{N}_]+' },
    terms: [],
    columns: { by: 'vocabulary', terms: vocabulary },
    binary: false,
    least: 0,
    missing: 'nan',
    ...rest,
  };
}

/** How often each of some different terms occurs among others, and how many terms there are. */
export interface TermCounts {
  readonly each: readonly number[];
  readonly all: number;
}

/** Counts of the wanted terms and of all, by the step that scores texts. */
export function termCounts(split: TextSplit, text: string, wanted: readonly string[]): TermCounts {
  const terms = [...new Set(wanted), 'something else'];
  const { prediction } = evaluate(
    {
      irVersion: 1,
      task: 'regression',
      features: [{ kind: 'text', name: 'text', categories: [] }],
      steps: [
        counting({ split, vocabulary: terms }),
        counting({
          split,
          columns: { by: 'hash', seed: 0, count: 1, remainder: 'floor', signed: false },
        }),
      ],
      output: { value: 1, raw: [...terms.keys(), terms.length].map((i) => i + 1) },
    },
    [text],
  );
  return { each: prediction.raw.slice(0, terms.length - 1), all: prediction.raw.at(-1)! };
}

/** The same of a list of terms. */
export function occurrences(terms: readonly string[]): TermCounts {
  const each = [...new Set(terms)].map((term) => terms.filter((other) => other === term).length);
  return { each, all: terms.length };
}
