import fc from 'fast-check';
import type { Register, TextStep } from '../../src/ir/model.ts';
import { number } from './arbitrary-numbers.ts';

/** Any text that PostgreSQL can hold. */
export const text: fc.Arbitrary<string> = fc
  .oneof(fc.string({ unit: 'binary', maxLength: 90 }), fc.string({ unit: 'grapheme', maxLength: 40 }))
  .map((value) => value.replaceAll('\0', ''));

/** A step of any kind of text-steps.ts that reads a text feature. */
export function textStep(input: Register): fc.Arbitrary<TextStep> {
  return hashText(input);
}

function hashText(input: Register): fc.Arbitrary<TextStep> {
  return fc.record({
    kind: fc.constant('hash-text'),
    input: fc.constant(input),
    missing: fc.oneof(number, fc.constant(Number.NaN)),
  });
}
