import type { CountTerms } from '../../src/ir/model.ts';

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
