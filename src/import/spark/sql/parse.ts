import { type Token, tokenise } from './tokens.ts';

/** The expressions that are read; NULL is a literal. */
export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'cast'; readonly operand: Expression; readonly type: string }
  | { readonly kind: 'in'; readonly operand: Expression; readonly values: readonly Expression[] }
  | { readonly kind: 'case'; readonly branches: readonly Branch[]; readonly otherwise: Expression };

export interface Branch {
  readonly condition: Expression;
  readonly result: Expression;
}

/** One item of the list after SELECT; no expression for `*`. */
export interface Item {
  readonly expression?: Expression;
  /** The name that it is given, or its own text. */
  readonly name?: string;
}

export interface Statement {
  readonly items: readonly Item[];
  readonly where?: Expression;
}

/** Parentheses and operators within each other: nobody writes so many. */
const MAX_DEPTH = 200;

const NULL: Expression = { kind: 'null' };

/**
 * SELECT items FROM __THIS__ [WHERE condition], in Spark's SQL. Throws an Error that says what is not read.
 * https://spark.apache.org/docs/latest/sql-ref-syntax-qry-select.html
 */
export function parseStatement(text: string): Statement {
  return new Parser(tokenise(text)).statement();
}

function call(name: string, ...operands: readonly Expression[]): Expression {
  return { kind: 'call', name, arguments: operands };
}

const COMPARISONS = ['=', '==', '<>', '!=', '<', '<=', '>', '>='];

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  statement(): Statement {
    this.expect('SELECT');
    const items = this.list(() => this.item());
    this.expect('FROM');
    const table = this.next();
    if (table.text.toUpperCase() !== '__THIS__') this.unexpected(table);
    const where = this.take('WHERE') ? this.expression() : undefined;
    this.take(';');
    const rest = this.tokens[this.at];
    if (rest !== undefined) this.unexpected(rest);
    return where === undefined ? { items } : { items, where };
  }

  private item(): Item {
    if (this.take('*')) return {};
    const start = this.at;
    const expression = this.expression();
    const text = this.tokens.slice(start, this.at).map((token) => token.text);
    if (this.take('AS')) return { expression, name: this.name() };
    const next = this.tokens[this.at];
    const bare = next?.kind === 'quoted' || (next?.kind === 'word' && !RESERVED.has(next.text.toUpperCase()));
    if (bare) return { expression, name: this.name() };
    return { expression, name: expression.kind === 'column' ? expression.name : text.join('') };
  }

  private expression(): Expression {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new Error(`nests more than ${MAX_DEPTH} expressions`);
    const result = this.chain(['OR'], () => this.chain(['AND'], () => this.negation(), 'and'), 'or');
    this.depth -= 1;
    return result;
  }

  /** Operands joined by operators of one rank, from the left. */
  private chain(operators: readonly string[], operand: () => Expression, name?: string): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((each) => this.take(each));
      if (operator === undefined) return left;
      left = call(name ?? operator, left, operand());
    }
  }

  private negation(): Expression {
    let count = 0;
    while (this.take('NOT') || this.take('!')) count += 1;
    const operand = this.comparison();
    return count % 2 === 0 ? operand : call('not', operand);
  }

  private comparison(): Expression {
    const left = this.sum();
    if (this.take('IS')) {
      const not = this.take('NOT');
      this.expect('NULL');
      return this.negated(not, call('isnull', left));
    }
    const not = this.take('NOT');
    if (this.take('IN')) {
      this.expect('(');
      const values = this.list(() => this.expression());
      this.expect(')');
      return this.negated(not, { kind: 'in', operand: left, values });
    }
    if (this.take('BETWEEN')) {
      const least = this.sum();
      this.expect('AND');
      return this.negated(not, call('and', call('>=', left, least), call('<=', left, this.sum())));
    }
    const operator = COMPARISONS.find((each) => this.take(each));
    if (not || operator === undefined) {
      if (not) this.unexpected(this.tokens[this.at]);
      return left;
    }
    return call(operator, left, this.sum());
  }

  private negated(not: boolean, expression: Expression): Expression {
    return not ? call('not', expression) : expression;
  }

  private sum(): Expression {
    return this.chain(['+', '-'], () => this.chain(['*', '/', '%'], () => this.signed()));
  }

  private signed(): Expression {
    let negative = false;
    for (;;) {
      if (this.take('-')) negative = !negative;
      else if (!this.take('+')) break;
    }
    const operand = this.primary();
    return negative ? call('negative', operand) : operand;
  }

  private primary(): Expression {
    const token = this.next();
    switch (token.kind) {
      case 'number':
        return { kind: 'number', value: Number(token.text) };
      case 'text':
        return { kind: 'text', value: token.text };
      case 'quoted':
        return { kind: 'column', name: token.text };
      case 'symbol': {
        if (token.text !== '(') return this.unexpected(token);
        const inner = this.expression();
        this.expect(')');
        return inner;
      }
      case 'word':
        return this.word(token);
    }
  }

  private word(token: Token): Expression {
    switch (token.text.toUpperCase()) {
      case 'NULL':
        return NULL;
      case 'TRUE':
        return { kind: 'number', value: 1 };
      case 'FALSE':
        return { kind: 'number', value: 0 };
      case 'CASE':
        return this.cases();
      case 'CAST':
        return this.cast();
    }
    if (RESERVED.has(token.text.toUpperCase())) return this.unexpected(token);
    if (this.take('(')) {
      const operands = this.take(')') ? [] : this.list(() => this.expression());
      if (operands.length > 0) this.expect(')');
      return call(token.text.toLowerCase(), ...operands);
    }
    // The table's own name may stand before a column's.
    if (token.text.toUpperCase() === '__THIS__' && this.take('.'))
      return { kind: 'column', name: this.name() };
    return { kind: 'column', name: token.text };
  }

  private cases(): Expression {
    const next = this.tokens[this.at];
    const subject = next?.text.toUpperCase() === 'WHEN' ? undefined : this.expression();
    const branches: Branch[] = [];
    while (this.take('WHEN')) {
      const own = this.expression();
      this.expect('THEN');
      const condition = subject === undefined ? own : call('=', subject, own);
      branches.push({ condition, result: this.expression() });
    }
    const otherwise = this.take('ELSE') ? this.expression() : NULL;
    this.expect('END');
    return { kind: 'case', branches, otherwise };
  }

  private cast(): Expression {
    this.expect('(');
    const operand = this.expression();
    this.expect('AS');
    const type = this.name().toLowerCase();
    this.expect(')');
    return { kind: 'cast', operand, type };
  }

  private list<T>(element: () => T): readonly T[] {
    const elements = [element()];
    while (this.take(',')) elements.push(element());
    return elements;
  }

  private name(): string {
    const token = this.next();
    return token.kind === 'word' || token.kind === 'quoted' ? token.text : this.unexpected(token);
  }

  private next(): Token {
    const token = this.tokens[this.at] ?? this.unexpected(undefined);
    this.at += 1;
    return token;
  }

  private take(text: string): boolean {
    const token = this.tokens[this.at];
    const taken = (token?.kind === 'word' || token?.kind === 'symbol') && token.text.toUpperCase() === text;
    if (taken) this.at += 1;
    return taken;
  }

  private expect(text: string): void {
    if (!this.take(text)) this.unexpected(this.tokens[this.at]);
  }

  private unexpected(token: Token | undefined): never {
    throw new Error(
      token === undefined ? 'ends too early' : `has ${JSON.stringify(token.text)} where pgscore reads none`,
    );
  }
}

/** Words that are no columns. */
const RESERVED = new Set([
  ...[
    'SELECT',
    'FROM',
    'WHERE',
    'AS',
    'AND',
    'OR',
    'NOT',
    'IN',
    'IS',
    'BETWEEN',
    'LIKE',
    'CASE',
    'WHEN',
    'THEN',
  ],
  ...[
    'ELSE',
    'END',
    'GROUP',
    'ORDER',
    'HAVING',
    'LIMIT',
    'JOIN',
    'DISTINCT',
    'UNION',
    'OVER',
    'DIV',
    'RLIKE',
  ],
]);
