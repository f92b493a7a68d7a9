/**
 * Steps that read texts themselves, not codes of categories. They are part of the vocabulary of model.ts and follow
 * its rules. Their input is the register of a text feature.
 */
import type { Register } from './model.ts';

export type TextStep = HashText;

/** The low 32 bits of the text's CityHash64, version 1.0, over its UTF-8: a whole number from 0. Width 1. */
export interface HashText {
  readonly kind: 'hash-text';
  readonly input: Register;
  /** The result for NULL; may be NaN. */
  readonly missing: number;
}

const KINDS: ReadonlySet<string> = new Set<TextStep['kind']>(['hash-text']);

export function isTextStep(step: { readonly kind: string }): step is TextStep {
  return KINDS.has(step.kind);
}

export function textStepWidth(step: TextStep): number {
  switch (step.kind) {
    case 'hash-text':
      return 1;
  }
}
