import { createHash } from 'node:crypto';

/** An identifier in double quotes, always: `a"b` becomes `"a""b"`. A NUL, which PostgreSQL cannot hold, throws. */
export function quoteIdent(name: string): string {
  refuseNul(name);
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string constant, whatever standard_conforming_strings is: with a backslash in it, in the form E'…'. */
export function quoteLiteral(text: string): string {
  refuseNul(text);
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * A dollar-quoted constant that its text cannot end: `$$` where that is enough, else a tag that depends on the text
 * alone (so that the same text gives the same SQL) and does not occur in it.
 */
export function dollarQuote(text: string): string {
  refuseNul(text);
  let delimiter = '$$';
  // The text and the closing delimiter are read as one: a text that ends in "$" would close early.
  for (let salt = 0; `${text}$`.includes(delimiter); salt++) {
    delimiter = `$q${createHash('sha256').update(`${salt}:${text}`).digest('hex').slice(0, 8)}$`;
  }
  return `${delimiter}${text}${delimiter}`;
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new RangeError('PostgreSQL text cannot hold the character NUL (code 0)');
}
