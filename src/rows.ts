import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { PgscoreError } from './errors.ts';
import type { Feature } from './ir/model.ts';
import { numberOf } from './number-text.ts';

/** A row as read: its place in the file, the model's features, and whatever else stood beside them as text. */
export interface InputRow {
  /** 1 for the first row after a CSV header, 1 for the first line of JSON lines. */
  readonly number: number;
  readonly features: Readonly<Record<string, number | string | boolean | null>>;
  /** Columns that are no features; null where the field is empty. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Reads rows from CSV (a header names the columns; an empty field is null, a quoted empty one is the empty text) or,
 * when the name ends in .jsonl or .ndjson, from JSON lines. Rows come as they are read; a file of any size will do.
 * Throws PGS_INPUT with file, row and column for a number that is none, a line that is no JSON object, a ragged row.
 */
export async function* readRows(path: string, features: readonly Feature[]): AsyncGenerator<InputRow> {
  try {
    yield* /\.(jsonl|ndjson)$/i.test(path) ? readJsonLines(path, features) : readCsv(path, features);
  } catch (error) {
    throw asInputError(error, path);
  }
}

async function* readCsv(path: string, features: readonly Feature[]): AsyncGenerator<InputRow> {
  const { parse } = await import('csv-parse');
  const kinds = new Map(features.map(({ name, kind }) => [name, kind]));
  const records = createReadStream(path).pipe(
    parse({
      bom: true,
      columns: (header: string[]) => checkHeader(header, path),
      cast: (value, { quoting }) => (value === '' && !quoting ? null : value),
      skip_empty_lines: true,
    }),
  );
  let number = 0;
  for await (const record of records as AsyncIterable<Record<string, string | null>>) {
    number += 1;
    const row = {
      number,
      features: {} as Record<string, number | string | null>,
      extra: {} as Record<string, unknown>,
    };
    for (const [name, text] of Object.entries(record)) {
      const kind = kinds.get(name);
      if (kind === undefined) row.extra[name] = text;
      else
        row.features[name] = kind === 'text' || text === null ? text : parseNumber(text, path, number, name);
    }
    yield row;
  }
}

function checkHeader(header: string[], path: string): string[] {
  const repeated = header.find((name, i) => header.indexOf(name) !== i);
  if (repeated === undefined) return header;
  throw new PgscoreError('PGS_INPUT', `${path}: the header names the column "${repeated}" twice`);
}

/** Numbers as programs print them; true and false feed a number as 1 and 0. */
function parseNumber(text: string, path: string, row: number, column: string): number {
  const number = numberOf(text);
  if (number !== undefined) return number;
  throw new PgscoreError(
    'PGS_INPUT',
    `${path}, row ${row}, column "${column}": ${JSON.stringify(text)} is no number`,
    {
      hint: 'Numbers are written like 12, -0.5 or 1e-3, also NaN, Infinity, true, false; an empty field is a missing value.',
    },
  );
}

async function* readJsonLines(path: string, features: readonly Feature[]): AsyncGenerator<InputRow> {
  const names = new Set(features.map(({ name }) => name));
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number += 1;
    if (line.trim() === '') continue;
    const object = parseObject(line, path, number);
    const entries = Object.entries(object);
    yield {
      number,
      features: Object.fromEntries(entries.filter(([name]) => names.has(name))) as InputRow['features'],
      extra: Object.fromEntries(entries.filter(([name]) => !names.has(name))),
    };
  }
}

function parseObject(line: string, path: string, number: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new PgscoreError('PGS_INPUT', `${path}, line ${number}: no JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new PgscoreError(
    'PGS_INPUT',
    `${path}, line ${number}: expected a JSON object {"feature": value, …}`,
  );
}

function asInputError(error: unknown, path: string): unknown {
  if (error instanceof PgscoreError || !(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return error;
  if (code === 'ENOENT') return new PgscoreError('PGS_INPUT', `${path}: no such file`);
  return new PgscoreError('PGS_INPUT', `${path}: ${error.message}`, { cause: error });
}
