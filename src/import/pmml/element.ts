import { PgscoreError } from '../../errors.ts';

/** Shared: most of a file's elements, which may be a million, have none. */
const NO_CHILDREN: readonly Element[] = [];

/** One element of a PMML file. Its readers throw PgscoreError with the element and its line. */
export class Element {
  children: readonly Element[] = NO_CHILDREN;
  /** The character data directly inside, untrimmed. */
  text = '';
  readonly file: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly line: number;

  constructor(file: string, name: string, attributes: Readonly<Record<string, string>>, line: number) {
    this.file = file;
    this.name = name;
    this.attributes = attributes;
    this.line = line;
  }

  append(child: Element): void {
    if (this.children === NO_CHILDREN) this.children = [child];
    else (this.children as Element[]).push(child);
  }

  /** `<Node id="3"> in line 12`. */
  get place(): string {
    const id =
      this.attributes.name ?? this.attributes.id ?? this.attributes.field ?? this.attributes.function;
    const shown = id === undefined ? '' : ` ${JSON.stringify(id.slice(0, 60))}`;
    return `<${this.name}>${shown} in line ${this.line}`;
  }

  /** Throws for a file that is damaged: `what` continues the sentence that the place begins. */
  fail(what: string): never {
    throw new PgscoreError('PGS_FILE', `${this.file}: ${this.place} ${what}.`, {
      hint: 'The file is no valid PMML: export the model again.',
    });
  }

  /** Throws for a file that is sound, but says what is not scored exactly. */
  refuse(what: string, hint = 'Export the model without it, or to ONNX.'): never {
    throw new PgscoreError('PGS_UNSUPPORTED', `${this.file}: ${this.place} ${what}.`, { hint });
  }

  /** The children of that name, in order. */
  all(name: string): readonly Element[] {
    return this.children.filter((child) => child.name === name);
  }

  /** The one child of that name, or undefined. */
  optional(name: string): Element | undefined {
    let found: Element | undefined;
    for (const child of this.children) {
      if (child.name !== name) continue;
      if (found !== undefined) child.fail('occurs a second time');
      found = child;
    }
    return found;
  }

  required(name: string): Element {
    return this.optional(name) ?? this.fail(`has no <${name}>`);
  }

  /** Children by one of several names, exactly one of them. */
  only(names: ReadonlySet<string>, what: string): Element {
    let found: Element | undefined;
    let count = 0;
    for (const child of this.children) {
      if (!names.has(child.name)) continue;
      found = child;
      count++;
    }
    return found !== undefined && count === 1
      ? found
      : this.fail(`must hold exactly one ${what}, but holds ${count}`);
  }

  /** Refuses every child that is not among the names. */
  allow(...names: readonly string[]): void {
    const other = this.children.find((child) => !names.includes(child.name));
    if (other !== undefined) other.refuse(`is not known inside <${this.name}>`);
  }

  has(attribute: string): boolean {
    return this.attributes[attribute] !== undefined;
  }

  string(attribute: string): string {
    return this.attributes[attribute] ?? this.fail(`has no attribute ${attribute}`);
  }

  number(attribute: string, otherwise?: number): number {
    const text = this.attributes[attribute];
    if (text === undefined) return otherwise ?? this.fail(`has no attribute ${attribute}`);
    return this.parse(text, attribute);
  }

  optionalNumber(attribute: string): number | undefined {
    return this.has(attribute) ? this.number(attribute) : undefined;
  }

  /** A finite number, or an infinite one as XML Schema writes it. */
  parse(text: string, what: string): number {
    const number = parseNumber(text);
    if (number === undefined)
      this.fail(`needs a number for ${what}, but has ${JSON.stringify(text.slice(0, 60))}`);
    return number;
  }

  boolean(attribute: string, otherwise: boolean): boolean {
    const text = this.attributes[attribute];
    if (text === undefined) return otherwise;
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    return this.fail(`needs true or false for ${attribute}, but has ${JSON.stringify(text.slice(0, 60))}`);
  }

  /** One of the texts that the attribute may be. */
  choice<T extends string>(attribute: string, choices: readonly T[], otherwise?: T): T {
    const text = this.attributes[attribute];
    if (text === undefined) return otherwise ?? this.fail(`has no attribute ${attribute}`);
    if (choices.includes(text as T)) return text as T;
    return this.refuse(
      `has ${attribute} ${JSON.stringify(text.slice(0, 60))}, not one of ${choices.join(', ')}`,
    );
  }
}

/** A number as XML Schema's double is written, without NaN; undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed)) return Number(trimmed);
  if (/^\+?(INF|Infinity)$/.test(trimmed)) return Infinity;
  return /^-(INF|Infinity)$/.test(trimmed) ? -Infinity : undefined;
}
