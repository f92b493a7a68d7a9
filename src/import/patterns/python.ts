import { SPACES } from '../../ir/characters.ts';
import { type Dialect, PatternError, parsePattern } from './parser.ts';

const WORDS = '\\p{L}\\p{N}_';
const AT_WORD = `(?:(?<=[${WORDS}])(?![${WORDS}])|(?<![${WORDS}])(?=[${WORDS}]))`;
const AT_NO_WORD = `(?:(?<=[${WORDS}])(?=[${WORDS}])|(?<![${WORDS}])(?![${WORDS}]))`;

const PYTHON: Dialect = {
  classes: { w: WORDS, d: '\\p{Nd}', s: SPACES },
  assertions: { b: AT_WORD, B: AT_NO_WORD, A: '^', Z: '(?![^])' },
  controls: { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' },
  inClass: { b: '\b' },
  codes: { x: 2, u: 4, U: 8 },
  dot: '^\\n',
  end: '(?=\\n?(?![^]))',
  captures: 'one',
  nested: ['[:'],
};

/** What scikit-learn has unless told otherwise, and its like: without their assertions, which always hold there. */
const COMMON: ReadonlyMap<string, string> = new Map([
  ['(?u)\\b\\w\\w+\\b', `[${WORDS}]{2,}`],
  ['\\b\\w\\w+\\b', `[${WORDS}]{2,}`],
  ['(?u)\\b\\w+\\b', `[${WORDS}]+`],
  ['\\b\\w+\\b', `[${WORDS}]+`],
]);

/**
 * A pattern of Python's `re`, without flags but (?u), as the source of a JavaScript regular expression with the flags u
 * and s that finds the same.
 * @throws PatternError for what it does not know or refuses.
 */
export function translatePattern(pattern: string): string {
  const common = COMMON.get(pattern);
  if (common !== undefined) return common;
  const { source } = parsePattern(pattern.startsWith('(?u)') ? pattern.slice(4) : pattern, PYTHON);
  if (new RegExp(source, 'su').test('')) throw new PatternError('matches an empty text');
  return source;
}
