import { type PackedColumn, unpackColumn } from './columns.ts';
import { createTermReader, createVocabulary, type PackedTexts, type TermReading } from './terms.ts';

/** An average-terms step; the fields are explained in `src/ir/text-steps.ts`. */
export interface TermAveraging extends TermReading {
  readonly vocabulary: PackedTexts;
  readonly vectors: PackedColumn;
}

/** A function that writes the mean of the vectors of a text's terms. The time is that of the text's terms. */
export function createTermAverager(
  averaging: TermAveraging,
  mean: Float64Array,
): (text: string | null) => void {
  const read = createTermReader(averaging);
  const place = createVocabulary(averaging.vocabulary);
  const vectors = unpackColumn(averaging.vectors);
  const width = mean.length;
  return (text) => {
    const terms = read(text);
    mean.fill(terms === null ? Number.NaN : 0);
    if (terms === null || terms.length === 0) return;
    for (const term of terms) {
      const row = place(term);
      if (row === undefined) continue;
      const start = row * width;
      for (let i = 0; i < width; i++) mean[i]! += vectors[start + i]!;
    }
    const scale = 1 / terms.length;
    for (let i = 0; i < width; i++) mean[i]! *= scale;
  };
}
