import type { ByteReader } from './byte-reader.ts';

/** Integers of more bytes (random states have 16) are refused: they cost quadratic time and no model needs them. */
const MAX_INTEGER_BYTES = 64;

/** A whole number of `count` bytes, little-endian, two's complement. */
export function readLong(reader: ByteReader, count: number): number | bigint {
  if (count > MAX_INTEGER_BYTES) reader.fail(`an integer of ${count} bytes stands`);
  const bytes = reader.take(count);
  let value = 0n;
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return narrow(BigInt.asIntN(count * 8, value));
}

/** INT and LONG: decimal digits and, for a long, an L. `01` and `00` are true and false. */
export function readDecimal(reader: ByteReader): number | bigint | boolean {
  const text = reader.line().trim();
  if (text === '01' || text === '00') return text === '01';
  if (!/^[+-]?\d{1,154}L?$/.test(text)) reader.fail('an integer is written wrong or has too many digits');
  return narrow(BigInt(text.replace(/L$/, '').replace(/^\+/, '')));
}

/** FLOAT: as Python's repr writes it. */
export function readFloatText(reader: ByteReader): number {
  const text = reader.line().trim();
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return reader.fail('a float is written wrong');
}

/** STRING: a Python 2 literal in quotes. */
export function readQuoted(reader: ByteReader): string {
  const text = reader.line().trim();
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    reader.fail('a string is written without quotes');
  }
  return text
    .slice(1, -1)
    .replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, sequence: string) => characterOf(sequence));
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function characterOf(sequence: string): string {
  if (/^x[0-9a-fA-F]{2}$/.test(sequence)) return String.fromCharCode(Number.parseInt(sequence.slice(1), 16));
  if (/^[0-7]+$/.test(sequence)) return String.fromCharCode(Number.parseInt(sequence, 8) & 255);
  return ESCAPES[sequence] ?? sequence;
}

/** UNICODE: raw-unicode-escape, in which only \u and \U escape. */
export function readRawUnicode(reader: ByteReader): string {
  return reader
    .line()
    .replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_, short?: string, long?: string) => {
      const code = Number.parseInt((short ?? long)!, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : reader.fail('a character does not exist');
    });
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
