import type { Register } from '../../ir/model.ts';
import type { ConcatenationColumn, RawColumn } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

/** Ways to make all known texts; labels of people's tables have a few each. */
const MAX_WAYS = 100_000;

/** Characters looked at to find them. */
const MAX_WORK = 100_000_000;

/** Whole numbers up to here are exact. */
const MAX_CODE = 2 ** 53;

/**
 * The value of the known text that the pieces make, `other` for any other one. All ways to cut the known texts into
 * pieces are looked up, so that nothing is put together for a row. `isNumber` tells texts that Java writes for numbers.
 */
export function lookUpConcatenation(
  { pieces }: ConcatenationColumn,
  known: ReadonlyMap<string, number>,
  other: number,
  isNumber: (text: string) => boolean,
  stage: Stage,
  lowering: Lowering,
): Register {
  const b = lowering.builder;
  const columns = pieces.filter((piece): piece is RawColumn => typeof piece !== 'string');
  const ways: { readonly parts: readonly string[]; readonly value: number }[] = [];
  let work = 0;
  const spend = (characters: number): void => {
    work += characters + 1;
    if (ways.length >= MAX_WAYS || work > MAX_WORK)
      stage.refuse(`has labels that CONCAT can make in more than ${MAX_WAYS} ways`);
  };
  for (const [text, value] of known) {
    for (const parts of cut([...text], pieces, spend)) ways.push({ parts, value });
  }
  b.charge(4 * ways.length * columns.length);
  const categories = columns.map((_, i) => [...new Set(ways.map(({ parts }) => parts[i]!))]);
  const codes = columns.map(({ name }, i) => {
    const texts = categories[i]!;
    if (texts.length > 0 && texts.every(isNumber)) stage.refuse(`joins the numbers of ${name} to a text`);
    const input =
      lowering.features.scalar(name, 'text', texts) ??
      stage.refuse(`joins ${name} as a text, and another stage takes it for a number or a vector`);
    const unknown = { missing: Number.NaN, unknown: Number.NaN };
    return b.add({ kind: 'encode-category', input, categories: texts, ...unknown })[0]!;
  });
  const strides = categories.map((_, i) => categories.slice(0, i).reduce((n, { length }) => n * length, 1));
  if (categories.reduce((n, { length }) => n * length, 1) > MAX_CODE)
    stage.refuse('joins columns of too many texts');
  const places = categories.map((texts) => new Map(texts.map((text, code) => [text, code])));
  const keys = ways.map(({ parts }) =>
    parts.reduce((sum, part, i) => sum + strides[i]! * places[i]!.get(part)!, 0),
  );
  const [code] = b.linear(codes, [strides], [0]);
  const values = ways.map(({ value }) => value);
  return b.add({ kind: 'lookup', inputs: [code!], keys, values, default: other })[0]!;
}

/** What the columns hold, for each way to cut a text into the pieces. `spend` bounds the time. */
function* cut(
  text: readonly string[],
  [piece, ...rest]: ConcatenationColumn['pieces'],
  spend: (characters: number) => void,
): Generator<readonly string[]> {
  spend(text.length);
  if (piece === undefined) {
    if (text.length === 0) yield [];
    return;
  }
  if (typeof piece === 'string') {
    const { length } = [...piece];
    if (text.slice(0, length).join('') === piece) yield* cut(text.slice(length), rest, spend);
    return;
  }
  const least = rest.length === 0 ? text.length : 0;
  for (let end = least; end <= text.length; end++) {
    const own = text.slice(0, end).join('');
    for (const others of cut(text.slice(end), rest, spend)) yield [own, ...others];
  }
}
