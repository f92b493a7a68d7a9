import { RECENT_CHARACTERS } from '../ir/characters.ts';
import {
  type AverageTerms,
  type CountTerms,
  isTextMaker,
  type MeasureText,
  type Register,
  type TextMaker,
  type TextStep,
} from '../ir/model.ts';
import type { TermAveraging } from '../plv8/term-vectors.ts';
import type { TermCounting, TermReading } from '../plv8/terms.ts';
import { packColumn } from './pack-columns.ts';
import { packTexts } from './pack-texts.ts';
import { numberSource, type SourceContext, type StepSource } from './source-context.ts';

/** The code of a step whose registers start at `first`. */
export function textStepSource(step: TextStep, first: Register, context: SourceContext): StepSource {
  if (isTextMaker(step)) return makerSource(step, first, context);
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
    case 'measure-text':
      return measureSource(step, text, first, context);
  }
}

function measureSource(
  { measure, missing }: MeasureText,
  text: string,
  first: Register,
  context: SourceContext,
): StepSource {
  const invalid = 'invalid' in measure ? measure.invalid : 0;
  const call = (kernel: string) =>
    context.write(
      first,
      `${context.kernel('text-makers', 'measured')}(${kernel},${text},${numberSource(missing)},${numberSource(invalid)})`,
    );
  switch (measure.name) {
    case 'length':
      return { setup: [], run: [call(context.kernel('text-makers', 'lengthOf'))] };
    case 'matches': {
      const create = context.kernel('text-makers', 'createMatch');
      const options = `${JSON.stringify(measure.pattern)},${JSON.stringify(RECENT_CHARACTERS)}`;
      return { setup: [`const match${first}=${create}(${options});`], run: [call(`match${first}`)] };
    }
    case 'number':
      return { setup: [], run: [call(context.kernel('text-makers', 'readNumber'))] };
    case 'date':
      return { setup: [], run: [call(context.kernel('dates', 'readDate'))] };
    case 'date-time':
      return { setup: [], run: [call(context.kernel('dates', 'readDateTime'))] };
    case 'time':
      return { setup: [], run: [call(context.kernel('dates', 'readTime'))] };
  }
}

function makerSource(step: TextMaker, first: Register, context: SourceContext): StepSource {
  switch (step.kind) {
    case 'change-text': {
      const { changes, missing } = step;
      const create = context.kernel('text-makers', 'createTextChange');
      const options = [changes, missing, RECENT_CHARACTERS].map((option) => JSON.stringify(option));
      return {
        setup: [`const change${first}=${create}(${options.join()});`],
        run: [context.writeText(first, `change${first}(${context.readText(step.input)})`)],
      };
    }
    case 'join-texts': {
      const parts = step.inputs.map((input) => context.readText(input));
      const join = context.kernel('text-makers', 'joinTexts');
      return {
        setup: [`const texts${first}=${JSON.stringify(step.texts)};`],
        run: [context.writeText(first, `${join}(texts${first},[${parts.join()}])`)],
      };
    }
    case 'choose-text': {
      const inputs = step.inputs.map((input) => context.readText(input));
      const choose = context.kernel('text-makers', 'chooseText');
      return {
        setup: [`const texts${first}=${JSON.stringify(step.texts)};`],
        run: [
          context.writeText(first, `${choose}(${context.read(step.index)},texts${first},[${inputs.join()}])`),
        ],
      };
    }
    case 'format-number': {
      const { kind: _, input, ...format } = step;
      const call = context.kernel('format-number', 'formatNumber');
      return {
        setup: [`const format${first}=${JSON.stringify(format)};`],
        run: [context.writeText(first, `${call}(${context.read(input)},format${first})`)],
      };
    }
    case 'format-date': {
      const create = context.kernel('dates', 'createDateFormat');
      return {
        setup: [`const format${first}=${create}(${JSON.stringify(step.parts)});`],
        run: [context.writeText(first, `format${first}(${context.read(step.input)})`)],
      };
    }
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
