export function* countTo(limit: number): Generator<number> {
  for (let number = 1; number <= limit; number += 1) yield number;
}

/** @plv8ify_return {setof text} */
export function letters(word: string): string[] {
  return [...word];
}

/** @plv8ify_returns {table (rank int, "Label" text, score float8)} */
export function ranked(labels: string[]): { rank: number; Label: string; score?: number }[] {
  return labels.map((Label, index) => (index === 0 ? { rank: 1, Label } : { rank: index + 1, Label, score: 0.5 }));
}

/** @plv8ify_return {table (half numeric(10,2))} */
export function halves(values: number[]): number[] {
  return values.map((value) => value / 2);
}
