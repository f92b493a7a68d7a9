import { lowerCase } from '../../ir/evaluate-terms.ts';
import type { Register } from '../../ir/model.ts';
import type { AverageTerms, CountTerms, TermReading, TextSplit } from '../../ir/text-steps.ts';
import { translateJavaPattern } from '../patterns/java.ts';
import { PatternError } from '../patterns/parser.ts';
import type { Column, Frame, Lazy, TermsColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/** Lower case is that of a JVM whose language is not Turkish, Azeri or Lithuanian. */
const LOWERCASE = ['lowercase'] as const;

const PREPARE = 'Prepare the texts in a column of their own, and fit the pipeline on that.';

/**
 * Lower case, split at each white space of ASCII; empty terms stay, but at the end.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/Tokenizer.scala
 */
export function tokenizer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  const split = { by: 'separator', pattern: translateJavaPattern('\\s') } as const;
  frame.set(stage.output, () => ({
    kind: 'terms',
    text: textOf(column, stage, lowering),
    changes: LOWERCASE,
    split,
    operations: [],
  }));
}

/** Terms between the matches of a pattern, or these themselves; short ones are left out. */
export function regexTokenizer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => ({
    kind: 'terms',
    text: textOf(column, stage, lowering),
    changes: stage.flag('toLowercase', true) ? LOWERCASE : [],
    split: splitOf(stage),
    operations: [{ name: 'drop-short', least: stage.whole('minTokenLength', 0, 2 ** 31 - 1, 1) }],
  }));
}

function splitOf(stage: Stage): TextSplit {
  const pattern = stage.text('pattern', '\\s+');
  try {
    return { by: stage.flag('gaps', true) ? 'separator' : 'match', pattern: translateJavaPattern(pattern) };
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return stage.refuse(
      `has the pattern ${JSON.stringify(pattern.slice(0, 60))}, which ${error.reason}`,
      'Fit it with a simpler pattern.',
    );
  }
}

function textOf(make: Lazy<Column>, stage: Stage, lowering: Lowering): Register {
  const column = make();
  if (column.kind !== 'raw') return stage.refuse(`splits a ${column.kind} that the pipeline makes`, PREPARE);
  return (
    lowering.features.scalar(column.name, 'text') ??
    stage.refuse(
      `needs column ${JSON.stringify(column.name)} as a text, but another stage takes it as a number or a vector`,
      'Give the other stage a column of its own before training.',
    )
  );
}

export function termsOf(make: Lazy<Column>, stage: Stage): TermsColumn {
  const column = make();
  if (column.kind === 'terms') return column;
  return stage.refuse(
    `takes lists of terms, but gets a ${column.kind === 'raw' ? `column ${JSON.stringify(column.name)} of the table` : column.kind}`,
    'Save it in a pipeline with the Tokenizer or RegexTokenizer that makes the terms.',
  );
}

/** Languages in which Java has lower cases of their own. */
const OWN_CASES = /^(?:tr|az|lt)(?:\b|_)/i;

/** https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/StopWordsRemover.scala */
export function stopWordsRemover(stage: Stage, frame: Frame, lowering: Lowering): void {
  const ignoreCase = !stage.flag('caseSensitive', false);
  for (const { input, output } of stage.columnPairs()) {
    const column = frame.column(input);
    frame.set(output, () => {
      const terms = termsOf(column, stage);
      const locale = stage.text('locale', 'en');
      if (ignoreCase && OWN_CASES.test(locale))
        stage.refuse(`ignores case as locale ${JSON.stringify(locale)} has it`, PREPARE);
      const words = stage.texts('stopWords');
      lowering.builder.charge(words.length);
      const listed = [...new Set(ignoreCase ? words.map(lowerCase) : words)];
      return withOperation(terms, { name: 'drop', terms: listed, ignoreCase });
    });
  }
}

/** Longer runs than any that is trained. */
const MAX_RUN = 100;

/** Runs of n terms with spaces between them; none of a list that is shorter. */
export function nGram(stage: Stage, frame: Frame): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    const n = stage.whole('n', 1, MAX_RUN, 2);
    return withOperation(termsOf(column, stage), { name: 'runs', min: n, max: n, separator: ' ' });
  });
}

function withOperation(terms: TermsColumn, operation: TermsColumn['operations'][number]): TermsColumn {
  return { ...terms, operations: [...terms.operations, operation] };
}

/** As Spark's own hash of terms begins. */
const SEED = 42;

/** More columns than a step may have. */
export const MAX_COLUMNS = 2 ** 20;

/**
 * A term's column is its hash. Since 3.0 that is MurmurHash3's own; a file keeps the hash of the version that saved it.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/HashingTF.scala
 */
export function hashingTermFrequencies(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    if (stage.major < 2) stage.refuse(`hashes as Spark ${stage.version} did, by Java's hashCode`);
    const hash = {
      by: 'hash',
      seed: SEED,
      count: stage.whole('numFeatures', 1, MAX_COLUMNS, 2 ** 18),
      remainder: 'floor',
      signed: false,
      ...(stage.major < 3 ? ({ tail: 'bytes' } as const) : {}),
    } as const;
    return counts(termsOf(column, stage), hash, { binary: stage.flag('binary', false), least: 0 }, lowering);
  });
}

/**
 * How often each term of the vocabulary occurs; terms that occur less than minTF, a number or a share of all terms, do
 * not count.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/CountVectorizer.scala
 */
export function countVectorizer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    const terms = stage.row().texts('vocabulary');
    if (terms.length === 0 || new Set(terms).size < terms.length)
      stage.fail(terms.length === 0 ? 'has no vocabulary' : 'has the same term twice');
    if (terms.length > MAX_COLUMNS) stage.refuse(`has more than ${MAX_COLUMNS} terms`);
    const least = stage.number('minTF', 1);
    if (!(least >= 0 && least < Infinity)) stage.fail(`has a minTF of ${least}`);
    const options = { binary: stage.flag('binary', false), least: least === 1 ? 0 : least };
    return counts(termsOf(column, stage), { by: 'vocabulary', terms }, options, lowering);
  });
}

function counts(
  terms: TermsColumn,
  columns: CountTerms['columns'],
  options: Pick<CountTerms, 'binary' | 'least'>,
  lowering: Lowering,
): Column {
  lowering.builder.charge(columns.by === 'hash' ? columns.count : columns.terms.length);
  const step = { kind: 'count-terms', ...readingOf(terms, lowering), columns, ...options } as const;
  const registers = addGuarded(step, lowering);
  return {
    kind: 'vector',
    parts: registers.map((register) => ({ register, mayBeMissing: false, atLeastZero: true })),
  };
}

/** How the terms are made; there is no prediction where Java's lower case of the text is not known. */
export function readingOf(
  { text, changes, split, operations }: TermsColumn,
  lowering: Lowering,
): TermReading {
  const lowers =
    changes.length > 0 || operations.some((operation) => operation.name === 'drop' && operation.ignoreCase);
  if (lowers && !isOfAscii(split)) lowering.refuseOddSigmas(text);
  return { input: text, text: changes, split, terms: operations, missing: 'nan' };
}

/** A missing text is an error, and there is no prediction. */
export function addGuarded(step: CountTerms | AverageTerms, lowering: Lowering): readonly Register[] {
  const registers = lowering.builder.add(step);
  lowering.guards.add(registers[0]!);
  return registers;
}

/** Whether terms hold characters of one class of ASCII alone, so that no sigma gets into them. */
function isOfAscii(split: TextSplit): boolean {
  if (split.by === 'separator') return /^\[\^(?:[ -[^-~]|\\[^pu])+\]\+?$/.test(split.pattern);
  return split.by === 'match' && /^\[(?!\^)(?:[ -[^-~]|\\[^pu])+\]\+?$/.test(split.pattern);
}

/** Each count times its term's weight. */
export function inverseDocumentFrequencies(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    const factors = stage.row().vector('idf');
    if (!factors.every(Number.isFinite)) stage.fail('has a weight that is not finite');
    const parts = lowering.vector(column(), factors.length, stage);
    const registers = lowering.builder.weigh(
      parts.map(({ register }) => register),
      { norm: 'none', factors },
    );
    return {
      kind: 'vector',
      parts: parts.map(({ mayBeMissing, atLeastZero = false }, i) => ({
        register: registers[i]!,
        mayBeMissing,
        atLeastZero: atLeastZero && factors[i]! >= 0,
      })),
    };
  });
}
