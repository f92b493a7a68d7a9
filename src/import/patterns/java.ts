import { type Dialect, PatternError, parsePattern } from './parser.ts';

/** At the end, or before a line terminator there; never within \r\n. */
const AT_END = '(?=(?:\\r\\n|[\\r\\x85\\u2028\\u2029]|(?<!\\r)\\n)?(?![^]))';

/** POSIX classes, of ASCII alone. */
const POSIX: ReadonlyMap<string, string> = new Map([
  ['Lower', 'a-z'],
  ['Upper', 'A-Z'],
  ['ASCII', '\\x00-\\x7f'],
  ['Alpha', 'a-zA-Z'],
  ['Digit', '0-9'],
  ['Alnum', 'a-zA-Z0-9'],
  ['Punct', '!-\\/:-@\\[-`\\{-~'],
  ['Graph', '!-~'],
  ['Print', ' -~'],
  ['Blank', ' \\t'],
  ['Cntrl', '\\x00-\\x1f\\x7f'],
  ['XDigit', '0-9a-fA-F'],
  ['Space', ' \\t-\\r'],
]);

/** General categories but those of what is not assigned. */
export const CATEGORY = /^(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?|C[cf])$/;

/** As Perl has them without Unicode; PCRE and Java agree on these. */
export const PERL_CLASSES: Dialect['classes'] = {
  w: 'a-zA-Z_0-9',
  d: '0-9',
  s: ' \\t-\\r',
  h: ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  v: '\\n-\\r\\x85\\u2028\\u2029',
};

/** https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html */
export const JAVA: Dialect = {
  classes: PERL_CLASSES,
  // \b is not among them: what it takes for a word changed with Java 19.
  assertions: { A: '^', z: '(?![^])', Z: AT_END },
  controls: { n: '\n', t: '\t', r: '\r', f: '\f', a: '\x07', e: '\x1b' },
  codes: { x: 2, u: 4 },
  dot: '^\\n\\r\\x85\\u2028\\u2029',
  end: AT_END,
  captures: 'none',
  nested: ['[', '&&'],
  property: (name) => {
    const category = name.startsWith('Is') ? name.slice(2) : name;
    return POSIX.get(name) ?? (CATEGORY.test(category) ? `\\p{${category}}` : undefined);
  },
};

/**
 * A pattern of java.util.regex, without flags, as the source of a JavaScript regular expression with the flags u and s
 * that finds the same.
 * @throws PatternError for what it does not know or refuses.
 */
export function translateJavaPattern(pattern: string): string {
  const { source, mayBeEmpty } = parsePattern(pattern, JAVA);
  if (mayBeEmpty) throw new PatternError('may match an empty text');
  return source;
}
