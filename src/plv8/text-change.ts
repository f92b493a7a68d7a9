/**
 * Cases and decompositions that do not depend on the engine's version of Unicode. `recent` is the inside of a class of
 * a regular expression: characters that count as unassigned.
 */
export interface TextChanges {
  lowercase(text: string): string;
  uppercase(text: string): string;
  'lowercase-each'(text: string): string;
  'fold-case'(text: string): string;
  'strip-marks'(text: string): string;
  'to-ascii'(text: string): string;
  'join-spaces'(text: string): string;
}

const NOT_ASCII = /[^\0-\x7f]/;
/** What may have a combining class other than 0. */
const MARK = /\p{M}/u;
const NOT_ASCII_CHARACTERS = /[^\0-\x7f]+/g;
/** What Python's \s matches. */
const SPACE = String.raw`[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const LONG_SPACES = new RegExp(`${SPACE}{2,}`, 'g');

/** Characters whose upper case has another lower case than they themselves, each before that one. */
const FOLDED = [
  ...'µμıiſs\u0345ιςσϐβϑθϕφϖπϰκϱρϵε',
  ...'\u1c80в\u1c81д\u1c82о\u1c83с\u1c84т\u1c85т\u1c86ъ\u1c87ѣ\u1c88\ua64bẛṡ\u1fbeι',
];
const FOLDS: ReadonlyMap<string, string> = new Map(
  FOLDED.flatMap((from, i) => (i % 2 === 0 ? [[from, FOLDED[i + 1]!] as const] : [])),
);
const FOLDING = new RegExp(`[${[...FOLDS.keys()].join('')}]`, 'g');

export function createTextChanges(recent: string): TextChanges {
  const decompose = except(recent, (text) => text.normalize('NFKD'));
  const isUnassigned = new RegExp(`[${recent}]`, 'u');
  const marks = new Map<string, boolean>();
  const isMark = (character: string): boolean => {
    if (!MARK.test(character)) return false;
    let mark = marks.get(character);
    if (mark === undefined) {
      mark = !isUnassigned.test(character) && hasCombiningClass(character);
      marks.set(character, mark);
    }
    return mark;
  };
  const notMarks = (characters: string): string => {
    let kept = '';
    for (const character of characters) if (!isMark(character)) kept += character;
    return kept;
  };
  // U+0295 is cased from Unicode 17 on, which would matter to a sigma beside it.
  const lowercase = except(`\\u0295${recent}`, (text) => text.toLowerCase());
  // The two characters whose lower case depends on others, or is longer than the simple one.
  const lowercaseEach = (text: string) =>
    lowercase(text.replace(/\u03a3/g, '\u03c3').replace(/\u0130/g, 'i'));
  return {
    lowercase,
    // These have upper cases from Unicode 16 or 17 on.
    uppercase: except(`\\u019b\\u0264\\ua7d3\\ua7d5${recent}`, (text) => text.toUpperCase()),
    'lowercase-each': lowercaseEach,
    'fold-case': (text) =>
      lowercaseEach(NOT_ASCII.test(text) ? text.replace(FOLDING, (each) => FOLDS.get(each)!) : text),
    'strip-marks': (text) =>
      NOT_ASCII.test(text) ? decompose(text).replace(NOT_ASCII_CHARACTERS, notMarks) : text,
    'to-ascii': (text) => (NOT_ASCII.test(text) ? decompose(text).replace(NOT_ASCII_CHARACTERS, '') : text),
    'join-spaces': (text) => text.replace(LONG_SPACES, ' '),
  };
}

/** The change of all but some characters, none of which is ASCII; each run of the others is changed by itself. */
function except(characters: string, change: (text: string) => string): (text: string) => string {
  const excepted = new RegExp(`[${characters}]`, 'u');
  const runs = new RegExp(`[^${characters}]+`, 'gu');
  return (text) => (NOT_ASCII.test(text) && excepted.test(text) ? text.replace(runs, change) : change(text));
}

/** A function that hides characters from patterns, behind noncharacters of the same length. */
export function createMask(recent: string): (text: string) => string {
  const hidden = new RegExp(`[${recent}]`, 'gu');
  const hide = (character: string) => (character.length === 1 ? '\ufdd0' : '\u{1fffe}');
  return (text) => (NOT_ASCII.test(text) ? text.replace(hidden, hide) : text);
}

/** JavaScript does not tell combining classes, but its canonical order shows which are not 0. */
function hasCombiningClass(character: string): boolean {
  const least = `${character}\u0334`;
  const greatest = `\u0345${character}`;
  return least.normalize('NFD') !== least || greatest.normalize('NFD') !== greatest;
}
