import { RECENT_CHARACTERS } from '../ir/characters.ts';
import type { CountTerms, Register, TextStep } from '../ir/model.ts';
import type { TermCounting } from '../plv8/terms.ts';
import { packTexts } from './pack-texts.ts';
import { numberSource, type SourceContext, type StepSource } from './source-context.ts';

/** The code of a step whose registers start at `first`. */
export function textStepSource(step: TextStep, first: Register, context: SourceContext): StepSource {
  const text = context.readText(step.input);
  switch (step.kind) {
    case 'hash-text': {
      const hash = context.kernel('city-hash', 'hashText');
      return { setup: [], run: [context.write(first, `${hash}(${text},${numberSource(step.missing)})`)] };
    }
    case 'count-terms':
      return countSource(step, text, first, context);
  }
}

function countSource(step: CountTerms, text: string, first: Register, context: SourceContext): StepSource {
  const { columns, text: before, split, terms, binary, least, missing } = step;
  const width = columns.by === 'hash' ? columns.count : columns.terms.length;
  const counting: TermCounting = {
    text: before,
    split,
    terms,
    columns: columns.by === 'hash' ? columns : { by: 'vocabulary', terms: packTexts(columns.terms) },
    binary,
    least,
    missing,
    recent: RECENT_CHARACTERS,
  };
  const create = context.kernel('terms', 'createTermCounter');
  return {
    setup: [
      context.declareVector(first, width),
      context.declareSparse(first),
      `const count${first}=${create}(${JSON.stringify(counting)},${context.sparse(first)});`,
    ],
    run: [`count${first}(${text});`, ...context.alone(first, width)],
  };
}
