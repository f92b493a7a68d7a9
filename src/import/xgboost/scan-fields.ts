import type { Reader } from './reader.ts';

/** Says how to read the fields of an object that are of interest. */
type Schema<T> = { readonly [K in keyof T]: (reader: Reader) => T[K] };

/** Reads an object by its schema and skips all other fields; a field that is missing is undefined. */
export function fields<T>(reader: Reader, schema: Schema<T>): { [K in keyof T]?: T[K] } {
  const found: { [K in keyof T]?: T[K] } = {};
  reader.object((key) => {
    if (!Object.hasOwn(schema, key)) {
      reader.skip();
      return;
    }
    const known = key as keyof T & string;
    if (Object.hasOwn(found, known)) reader.fail(`'${known}' is there twice`);
    found[known] = schema[known](reader);
  });
  return found;
}

/** An array of at most `limit` elements. */
export function list<T>(reader: Reader, limit: number, element: () => T): T[] {
  const values: T[] = [];
  reader.array((index) => {
    if (index >= limit) reader.fail(`there are more than ${limit} elements`);
    values.push(element());
  });
  return values;
}

const MAX_TEXTS = 10_000;

/** An object of texts: parameters and attributes. */
export function textMap(reader: Reader): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  reader.object((key) => {
    if (values.size === MAX_TEXTS) reader.fail(`there are more than ${MAX_TEXTS} fields`);
    if (values.has(key)) reader.fail('this field is there twice');
    values.set(key, reader.text());
  });
  return values;
}

/** A parameter that is a whole number, written as text. */
export function wholeText(
  reader: Reader,
  params: ReadonlyMap<string, string>,
  name: string,
  absent?: number,
): number {
  const text = params.get(name);
  if (text === undefined) return absent ?? reader.fail(`'${name}' is missing`);
  if (!/^\d{1,10}$/.test(text))
    reader.fail(`'${name}' must be a whole number, but is '${text.slice(0, 40)}'`);
  return Number(text);
}
