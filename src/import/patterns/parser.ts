/** Why a pattern has no exact counterpart; `reason` goes on from "the pattern …". */
export class PatternError extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`The pattern ${reason}.`);
    this.reason = reason;
  }
}

/** A syntax of regular expressions. Classes of characters are the insides of JavaScript classes. */
export interface Dialect {
  /** Escapes that stand for a class; the upper case of each is what it is not. */
  readonly classes: Readonly<Record<string, string>>;
  /** Escapes that match a place, as JavaScript has them. */
  readonly assertions: Readonly<Record<string, string>>;
  /** Escapes that stand for a character. */
  readonly controls: Readonly<Record<string, string>>;
  /** Escapes that stand for a character within a class only. */
  readonly inClass?: Readonly<Record<string, string>>;
  /** Escapes by a code, and how many hexadecimal digits these have. */
  readonly codes: Readonly<Record<string, number>>;
  /** What the dot matches. */
  readonly dot: string;
  /** What $ matches, as JavaScript has it. */
  readonly end: string;
  /** Which groups are kept: none where a match answers with the whole of it, or the one group that it answers with. */
  readonly captures: 'none' | 'one' | 'all';
  /** What begins another class, or a set operation, within a class. */
  readonly nested: readonly string[];
  /** The class of \p{name}, where there are such escapes; undefined for an unknown name. */
  property?(name: string): string | undefined;
}

const GROUPS = ['(?:', '(?=', '(?!', '(?<=', '(?<!'];

const MAX_LENGTH = 400;

/** What the IR holds. */
const MAX_SOURCE = 2000;

/** A translated part, with what bounds the time of matching depends on. */
export interface Part {
  readonly source: string;
  /** The characters that it begins with, where that is one of a class, once. */
  readonly first: string | undefined;
  /** All its classes of characters. */
  readonly atoms: readonly string[];
  readonly repeats: boolean;
  /** Whether it can match without a character. */
  readonly mayBeEmpty: boolean;
  /** The numbers of the groups that it keeps. */
  readonly groups: readonly number[];
  /** Those that may keep what an earlier repetition found, which JavaScript forgets. */
  readonly stale: readonly number[];
}

/**
 * A pattern as the source of a JavaScript regular expression with the flags u and s that matches the same. Refuses
 * repetitions of repetitions that may take exponential time.
 * @throws PatternError for what it does not know or refuses.
 */
export function parsePattern(pattern: string, dialect: Dialect): Part {
  if (pattern.length > MAX_LENGTH) throw new PatternError(`has more than ${MAX_LENGTH} characters`);
  return new Parser(pattern, dialect).all();
}

class Parser {
  private readonly characters: readonly string[];
  private readonly dialect: Dialect;
  private at = 0;
  private captures = 0;

  constructor(pattern: string, dialect: Dialect) {
    this.characters = [...pattern];
    this.dialect = dialect;
  }

  all(): Part {
    const part = this.alternatives();
    if (this.at < this.characters.length) throw new PatternError('closes a group that it has not opened');
    if (part.source.length > MAX_SOURCE)
      throw new PatternError(`has more than ${MAX_SOURCE} characters in JavaScript`);
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
    return {
      ...join(parts),
      source: parts.map(({ source }) => source).join('|'),
      mayBeEmpty: parts.some(({ mayBeEmpty }) => mayBeEmpty),
    };
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
        return atom(`[${this.dialect.dot}]`);
      case '^':
        return assertion('^');
      case '$':
        return assertion(this.dialect.end);
      case '*':
      case '+':
      case '?':
        throw new PatternError('repeats nothing');
      default:
        return atom(literal(character));
    }
  }

  private group(): Part {
    const open = GROUPS.find((each) => this.take(each)) ?? this.openCapture();
    const own = open === '(' ? [this.captures] : [];
    const inner = this.alternatives();
    if (!this.take(')')) throw new PatternError('opens a group that it does not close');
    const source = `${open}${inner.source})`;
    const { stale } = inner;
    const groups = [...own, ...inner.groups];
    if (open === '(' || open === '(?:') return { ...inner, source, groups };
    return { ...assertion(source), groups, stale };
  }

  private openCapture(): string {
    this.next();
    if (this.peek('?') || this.peek('*'))
      throw new PatternError('has a group or flag of another kind than (…), (?:…) or a look around');
    if (this.dialect.captures === 'none') return '(?:';
    this.captures += 1;
    if (this.captures > 1 && this.dialect.captures === 'one') throw new PatternError('has several groups');
    return '(';
  }

  private escape(): Part {
    const character = this.next();
    const named = this.namedClass(character);
    if (named !== undefined) return atom(`[${named.negative ? '^' : ''}${named.inside}]`);
    const assert = this.dialect.assertions[character];
    return assert === undefined ? atom(literal(this.escaped(character))) : assertion(assert);
  }

  /** The class that an escape stands for. */
  private namedClass(letter: string): { readonly inside: string; readonly negative: boolean } | undefined {
    const name = letter.toLowerCase();
    const negative = name !== letter;
    if (name === 'p' && this.dialect.property !== undefined) {
      const property = this.propertyName();
      const inside = this.dialect.property(property);
      if (inside === undefined) throw new PatternError(`has the class \\${letter}{${property}}`);
      return { inside, negative };
    }
    const inside = this.dialect.classes[name];
    return inside === undefined ? undefined : { inside, negative };
  }

  private propertyName(): string {
    if (!this.take('{')) return this.next();
    let name = '';
    while (!this.take('}')) name += this.next();
    return name;
  }

  /** The character that an escape stands for. */
  private escaped(character: string): string {
    const control = this.dialect.controls[character];
    if (control !== undefined) return control;
    const digits = this.dialect.codes[character];
    if (digits !== undefined) {
      const code = Array.from({ length: digits }, () => this.next()).join('');
      const point = /^[0-9a-f]+$/i.test(code) ? Number.parseInt(code, 16) : Number.NaN;
      if (!(point <= 0x10ffff) || (point >= 0xd800 && point <= 0xdfff)) {
        throw new PatternError(`has an escape \\${character}${code} that is none`);
      }
      return String.fromCodePoint(point);
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
    if (this.dialect.nested.some((each) => this.peek(each))) throw new PatternError('has a class of a class');
    const character = this.next();
    if (character !== '\\') return character;
    const letter = this.next();
    const named = this.namedClass(letter);
    if (named === undefined) return this.dialect.inClass?.[letter] ?? this.escaped(letter);
    if (!named.negative) return named.inside;
    complements.push(named.inside);
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
    return {
      source: `${part.source}${times}${lazy}`,
      first: undefined,
      atoms: part.atoms,
      repeats: true,
      groups: part.groups,
      stale: times === '?' ? part.stale : [...part.stale, ...staleAfter(part)],
      mayBeEmpty: part.mayBeEmpty || /^(?:[*?]|\{0*[,}])/.test(times),
    };
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
    mayBeEmpty: parts.every(({ mayBeEmpty }) => mayBeEmpty),
    groups: parts.flatMap(({ groups }) => groups),
    stale: parts.flatMap(({ stale }) => stale),
  };
}

const NO_GROUPS = { groups: [], stale: [] };

function atom(source: string): Part {
  return { source, first: source, atoms: [source], repeats: false, mayBeEmpty: false, ...NO_GROUPS };
}

function assertion(source: string): Part {
  return { source, first: undefined, atoms: [], repeats: false, mayBeEmpty: true, ...NO_GROUPS };
}

/** The groups that go stale when a part is repeated: not the part's own, which each repetition fills, unless with nothing. */
function staleAfter({ source, groups, mayBeEmpty }: Part): readonly number[] {
  const isGroup = source.startsWith('(') && !source.startsWith('(?');
  return isGroup && !mayBeEmpty ? groups.slice(1) : groups;
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
