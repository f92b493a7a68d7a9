import { RECENT_CHARACTERS } from '../ir/characters.ts';
import type { AverageTerms, CountTerms, Register, TextStep } from '../ir/model.ts';
import type { TermAveraging } from '../plv8/term-vectors.ts';
import type { TermCounting, TermReading } from '../plv8/terms.ts';
import { packColumn } from './pack-columns.ts';
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
    case 'average-terms':
      return averageSource(step, text, first, context);
  }
}

function readingOf({ text, split, terms, missing }: CountTerms | AverageTerms): TermReading {
  return { text, split, terms, missing, recent: RECENT_CHARACTERS };
}

function countSource(step: CountTerms, text: string, first: Register, context: SourceContext): StepSource {
  const { columns, binary, least } = step;
  const width = columns.by === 'hash' ? columns.count : columns.terms.length;
  const counting: TermCounting = {
    ...readingOf(step),
    columns: columns.by === 'hash' ? columns : { by: 'vocabulary', terms: packTexts(columns.terms) },
    binary,
    least,
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

function averageSource(
  step: AverageTerms,
  text: string,
  first: Register,
  context: SourceContext,
): StepSource {
  const { vocabulary, vectors, width } = step;
  const averaging: TermAveraging = {
    ...readingOf(step),
    vocabulary: packTexts(vocabulary),
    vectors: packColumn(vectors),
  };
  const create = context.kernel('term-vectors', 'createTermAverager');
  return {
    setup: [
      context.declareVector(first, width),
      `const average${first}=${create}(${JSON.stringify(averaging)},${context.vector(first)});`,
    ],
    run: [`average${first}(${text});`, ...context.alone(first, width)],
  };
}
