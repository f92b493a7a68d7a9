import { SPACES } from '../../ir/characters.ts';

/** Why a pattern has no exact counterpart; `reason` goes on from "the pattern …". */
export class PatternError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`The pattern ${reason}.`);
    this.reason = reason;
  }
}

const WORDS = '\\p{L}\\p{N}_';
const AT_WORD = `(?:(?<=[${WORDS}])(?![${WORDS}])|(?<![${WORDS}])(?=[${WORDS}]))`;
const AT_NO_WORD = `(?:(?<=[${WORDS}])(?=[${WORDS}])|(?<![${WORDS}])(?![${WORDS}]))`;

/** Classes of characters, as the inside of a JavaScript class; the upper case of each is what it is not. */
const CLASSES: Readonly<Record<string, string>> = { w: WORDS, d: '\\p{Nd}', s: SPACES };

const ASSERTIONS: Readonly<Record<string, string>> = {
  b: AT_WORD,
  B: AT_NO_WORD,
  A: '^',
  Z: '(?![^])',
};

const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

const GROUPS = ['(?:', '(?=', '(?!', '(?<=', '(?<!'];

/** What scikit-learn has unless told otherwise, and its like: without their assertions, which always hold there. */
const COMMON: Readonly<Record<string, string>> = {
  '(?u)\\b\\w\\w+\\b': `[${WORDS}]{2,}`,
  '\\b\\w\\w+\\b': `[${WORDS}]{2,}`,
  '(?u)\\b\\w+\\b': `[${WORDS}]+`,
  '\\b\\w+\\b': `[${WORDS}]+`,
};

const MAX_LENGTH = 400;

/** A translated part, with what bounds the time of matching depends on. */
interface Part {
  readonly source: string;
  /** The characters that it begins with, where that is one of a class, once. */
  readonly first: string | undefined;
  /** All its classes of characters. */
  readonly atoms: readonly string[];
  readonly repeats: boolean;
}

/**
 * A pattern of Python's `re`, without flags but (?u), as the source of a JavaScript regular expression with the flags u
 * and s that matches the same. Refuses repetitions of repetitions that may take exponential time.
 * @throws PatternError for what it does not know or refuses.
 */
export function translatePattern(pattern: string): string {
  const common = COMMON[pattern];
  if (common !== undefined) return common;
  if (pattern.length > MAX_LENGTH) throw new PatternError(`has more than ${MAX_LENGTH} characters`);
  const parser = new Parser(pattern.startsWith('(?u)') ? pattern.slice(4) : pattern);
  const { source } = parser.all();
  if (new RegExp(source, 'su').test('')) throw new PatternError('matches an empty text');
  return source;
}

class Parser {
  private readonly characters: readonly string[];
  private at = 0;
  private captures = 0;

  constructor(pattern: string) {
    this.characters = [...pattern];
  }

  all(): Part {
    const part = this.alternatives();
    if (this.at < this.characters.length) throw new PatternError('closes a group that it has not opened');
    return part;
  }

  private peek(text: string): boolean {
    return this.characters.slice(this.at, this.at + text.length).join('') === text;
  }

  private take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }

  private next(): string {
    const character = this.characters[this.at++];
    if (character === undefined) throw new PatternError('ends too early');
    return character;
  }

  private alternatives(): Part {
    const parts = [this.sequence()];
    while (this.take('|')) parts.push(this.sequence());
    if (parts.length === 1) return parts[0]!;
    return { ...join(parts), source: parts.map(({ source }) => source).join('|'), first: undefined };
  }

  private sequence(): Part {
    const parts: Part[] = [];
    while (this.at < this.characters.length && !this.peek('|') && !this.peek(')')) {
      parts.push(this.repeated(this.item()));
    }
    return { ...join(parts), first: parts[0]?.first };
  }

  private item(): Part {
    if (this.peek('(')) return this.group();
    if (this.peek('[')) return this.characterClass();
    const character = this.next();
    switch (character) {
      case '\\':
        return this.escape();
      case '.':
        return atom('[^\\n]');
      case '^':
        return assertion('^');
      case '$':
        return assertion('(?=\\n?(?![^]))');
      case '*':
      case '+':
      case '?':
        throw new PatternError('repeats nothing');
      default:
        return atom(literal(character));
    }
  }

  private group(): Part {
    const open = GROUPS.find((each) => this.take(each));
    if (open === undefined) {
      this.next();
      if (this.peek('?'))
        throw new PatternError('has a group or flag of another kind than (…), (?:…) or a look around');
      this.captures += 1;
      if (this.captures > 1) throw new PatternError('has several groups');
    }
    const inner = this.alternatives();
    if (!this.take(')')) throw new PatternError('opens a group that it does not close');
    const source = `${open ?? '('}${inner.source})`;
    return open === undefined || open === '(?:' ? { ...inner, source } : assertion(source);
  }

  private escape(): Part {
    const character = this.next();
    const inside = CLASSES[character.toLowerCase()];
    if (inside !== undefined) return atom(character in CLASSES ? `[${inside}]` : `[^${inside}]`);
    const assert = ASSERTIONS[character];
    return assert === undefined ? atom(literal(this.escaped(character))) : assertion(assert);
  }

  /** The character that an escape stands for. */
  private escaped(character: string): string {
    const control = CONTROLS[character];
    if (control !== undefined) return control;
    const digits = { x: 2, u: 4, U: 8 }[character];
    if (digits !== undefined) {
      const code = Array.from({ length: digits }, () => this.next()).join('');
      if (!/^[0-9a-f]+$/i.test(code) || Number.parseInt(code, 16) > 0x10ffff) {
        throw new PatternError(`has an escape \\${character}${code} that is none`);
      }
      return String.fromCodePoint(Number.parseInt(code, 16));
    }
    if (/[0-9A-Za-z]/.test(character)) throw new PatternError(`has the escape \\${character}`);
    return character;
  }

  /** [^\W\d] is every word character that is no digit: classes of what is not cannot stand in a class of JavaScript. */
  private characterClass(): Part {
    this.next();
    const negative = this.take('^');
    const inside: string[] = [];
    const complements: string[] = [];
    for (let first = true; first || !this.peek(']'); first = false) {
      const low = this.classItem(complements);
      if (low === undefined) continue;
      const isRange = this.peek('-') && this.characters[this.at + 1] !== ']' && [...low].length === 1;
      if (!isRange) {
        inside.push([...low].length === 1 ? literal(low) : low);
        continue;
      }
      this.next();
      const high = this.classItem([]);
      if (high === undefined || [...high].length !== 1 || high < low)
        throw new PatternError('has a range that is none');
      inside.push(`${literal(low)}-${literal(high)}`);
    }
    this.next();
    const plain = inside.join('');
    if (complements.length === 0) return atom(`[${negative ? '^' : ''}${plain}]`);
    if (!negative) {
      const each = complements.map((inner) => `[^${inner}]`);
      return atom(`(?:${[...each, ...(plain === '' ? [] : [`[${plain}]`])].join('|')})`);
    }
    const [last, ...others] = complements;
    const rest = plain === '' ? '' : `(?![${plain}])`;
    return atom(`(?:${rest}${others.map((inner) => `(?=[${inner}])`).join('')}[${last}])`);
  }

  /** A character, or the inside of a class; what is not in a class goes to the complements. */
  private classItem(complements: string[]): string | undefined {
    const character = this.next();
    if (character === '[' && this.peek(':')) throw new PatternError('has a class of a class');
    if (character !== '\\') return character;
    const name = this.next();
    if (name === 'b') return '\b';
    const inside = CLASSES[name.toLowerCase()];
    if (inside === undefined) return this.escaped(name);
    if (name in CLASSES) return inside;
    complements.push(inside);
    return undefined;
  }

  private repeated(part: Part): Part {
    const times = this.quantifier();
    if (times === undefined) return part;
    if (part.atoms.length === 0) throw new PatternError('repeats what matches no character');
    const lazy = this.take('?') ? '?' : '';
    if (this.peek('+') || this.peek('*') || this.peek('?'))
      throw new PatternError('has a repetition that never goes back');
    if (part.repeats && !isUnambiguous(part)) {
      throw new PatternError('repeats a repetition, which may take exponential time');
    }
    return { source: `${part.source}${times}${lazy}`, first: undefined, atoms: part.atoms, repeats: true };
  }

  private quantifier(): string | undefined {
    for (const each of ['*', '+', '?']) if (this.take(each)) return each;
    const rest = this.characters.slice(this.at, this.at + 12).join('');
    const braces = /^\{(\d{0,4})(,?)(\d{0,4})\}/.exec(rest);
    if (braces === null || (braces[1] === '' && braces[3] === '')) return undefined;
    this.at += braces[0].length;
    return braces[2] === '' ? `{${braces[1]}}` : `{${braces[1] || 0},${braces[3]}}`;
  }
}

function join(parts: readonly Part[]): Part {
  return {
    source: parts.map(({ source }) => source).join(''),
    first: undefined,
    atoms: parts.flatMap(({ atoms }) => atoms),
    repeats: parts.some(({ repeats }) => repeats),
  };
}

function atom(source: string): Part {
  return { source, first: source, atoms: [source], repeats: false };
}

function assertion(source: string): Part {
  return { source, first: undefined, atoms: [], repeats: false };
}

/** A character as it stands in a regular expression with the flag u, inside a class too. */
function literal(character: string): string {
  if (/[\^$\\.*+?()[\]{}|/-]/.test(character)) return character === '-' ? '\\x2d' : `\\${character}`;
  return /[\p{L}\p{N} _]/u.test(character) ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

/**
 * Whether a repeated part can be divided in one way only: each time it begins with a character that it holds nowhere
 * else.
 */
function isUnambiguous({ first, atoms }: Part): boolean {
  if (first === undefined) return false;
  const begins = new RegExp(`^${first}$`, 'su');
  const others = [...atoms];
  others.splice(others.indexOf(first), 1);
  const holds = new RegExp(`^(?:${others.join('|')})$`, 'su');
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCharCode(code);
    if (begins.test(character) && holds.test(character)) return false;
  }
  return true;
}
