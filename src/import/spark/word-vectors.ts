import type { AverageTerms } from '../../ir/text-steps.ts';
import { type Frame, vectorColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';
import { addGuarded, MAX_COLUMNS, readingOf, termsOf } from './texts.ts';
import type { Reader } from './values.ts';

/**
 * The mean of the vectors of the words, unknown ones counting as zeros. float32 in the file, summed in float64.
 * https://github.com/apache/spark/blob/v4.0.0/mllib/src/main/scala/org/apache/spark/ml/feature/Word2Vec.scala
 */
export function wordVectors(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  frame.set(stage.output, () => {
    const terms = termsOf(column, stage);
    const width = stage.whole('vectorSize', 1, MAX_COLUMNS, 100);
    const words = readWordVectors(stage, width, lowering);
    const registers = addGuarded(
      { kind: 'average-terms', ...readingOf(terms, lowering), width, ...words },
      lowering,
    );
    return vectorColumn(registers, false);
  });
}

/** A row a word; before Spark 2.2 one row, with the place of each word and all vectors one after the other. */
function readWordVectors(
  stage: Stage,
  width: number,
  { builder }: Lowering,
): Pick<AverageTerms, 'vocabulary' | 'vectors'> {
  const rows = stage.rows().map((row) => stage.reader(row));
  const together = rows.length === 1 && rows[0]!.has('wordIndex') ? rows[0]! : undefined;
  const words = together === undefined ? rows.map((row) => row.text('word')) : wordsByPlace(together, stage);
  if (words.length === 0 || new Set(words).size < words.length)
    stage.fail(words.length === 0 ? 'has no words' : 'has the same word twice');
  if (words.length > MAX_COLUMNS) stage.refuse(`has more than ${MAX_COLUMNS} words`);
  builder.charge(words.length * width);
  const vectors = together?.numbers('wordVectors') ?? rows.flatMap((row) => vectorOf(row, width, stage));
  if (vectors.length !== words.length * width)
    stage.fail(`has ${vectors.length} numbers for ${words.length} words of ${width} each`);
  if (!vectors.every(Number.isFinite)) stage.fail('has a vector that is not finite');
  return { vocabulary: words, vectors };
}

function vectorOf(row: Reader, width: number, stage: Stage): readonly number[] {
  const vector = row.numbers('vector');
  if (vector.length === width) return vector;
  return stage.fail(`has a vector of ${vector.length} numbers instead of ${width}`);
}

function wordsByPlace(row: Reader, stage: Stage): readonly string[] {
  const places = row.map('wordIndex');
  const words = new Array<string | undefined>(places.size).fill(undefined);
  for (const [word, place] of places) {
    if (!(Number(place) in words) || words[Number(place)] !== undefined)
      stage.fail(`has the place ${String(place)} for one of ${words.length} words, or twice`);
    words[Number(place)] = word;
  }
  return words as string[];
}
