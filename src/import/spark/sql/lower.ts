import type { Register } from '../../../ir/model.ts';
import type { Unary } from '../../../ir/vector-steps.ts';
import { type Column, type ConcatenationColumn, type Frame, numberColumn } from '../frame.ts';
import type { Lowering } from '../lowering.ts';
import type { Stage } from '../stage.ts';
import type { Branch, Expression } from './parse.ts';
import { Truth } from './values.ts';

/** Functions of one number that give NaN wherever Spark gives NULL or NaN. */
const UNARY: Readonly<Record<string, Unary>> = {
  abs: 'abs',
  acos: 'acos',
  asin: 'asin',
  atan: 'atan',
  ceil: 'ceil',
  ceiling: 'ceil',
  cos: 'cos',
  cosh: 'cosh',
  exp: 'exp',
  expm1: 'expm1',
  floor: 'floor',
  negative: 'negate',
  rint: 'round-half-even',
  sign: 'sign',
  signum: 'sign',
  sin: 'sin',
  sinh: 'sinh',
  sqrt: 'sqrt',
  tan: 'tan',
  tanh: 'tanh',
};

/** Logarithms, NULL up to a bound. */
const LOGARITHMS: Readonly<Record<string, { readonly name: Unary; readonly above: number }>> = {
  ln: { name: 'log', above: 0 },
  log: { name: 'log', above: 0 },
  log10: { name: 'log10', above: 0 },
  log1p: { name: 'log1p', above: -1 },
  log2: { name: 'log2', above: 0 },
};

const COMPARISONS: Readonly<Record<string, '==' | '!=' | '<' | '<=' | '>' | '>='>> = {
  '=': '==',
  '==': '==',
  '<>': '!=',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

const ARITHMETIC = { '+': 'add', '-': 'subtract', '*': 'multiply' } as const;

/** Other names of the same functions. */
const SYNONYMS: Readonly<Record<string, string>> = {
  iff: 'if',
  ifnull: 'coalesce',
  nvl: 'coalesce',
  pow: 'power',
  mod: '%',
};

/** The steps of expressions over the columns of one table. NULL is NaN. */
export class SqlLowering {
  private readonly stage: Stage;
  private readonly frame: Frame;
  private readonly lowering: Lowering;
  private readonly truth: Truth;

  constructor(stage: Stage, frame: Frame, lowering: Lowering) {
    this.stage = stage;
    this.frame = frame;
    this.lowering = lowering;
    this.truth = new Truth(lowering.builder);
  }

  /** An expression as a column: texts where its branches are texts. */
  column(expression: Expression): Column {
    if (expression.kind === 'column') return this.frame.column(expression.name)();
    if (expression.kind === 'call' && expression.name === 'concat')
      return { kind: 'concatenation', pieces: this.pieces(expression.arguments) };
    const texts = textsOf(expression);
    if (texts === undefined) return numberColumn(this.number(expression), true);
    const list = [...new Set(texts)];
    return { kind: 'text', index: this.textIndex(expression, list), texts: list };
  }

  /** Constants, and columns of the caller's table; others could be numbers, which Java writes its own way. */
  private pieces(operands: readonly Expression[]): ConcatenationColumn['pieces'] {
    return operands.map((operand) => {
      if (operand.kind === 'text') return operand.value;
      const column = operand.kind === 'column' ? this.frame.column(operand.name)() : undefined;
      return column?.kind === 'raw'
        ? column
        : this.refuse('joins other things than columns and constant texts');
    });
  }

  number(expression: Expression): Register {
    const b = this.lowering.builder;
    switch (expression.kind) {
      case 'number':
        return b.constants([expression.value])[0]!;
      case 'null':
        return b.nothing();
      case 'text':
        return this.refuse(`computes with the text ${JSON.stringify(expression.value)}`);
      case 'column':
        return this.lowering.number(this.frame.column(expression.name)(), this.stage).register;
      case 'call':
        return this.call(SYNONYMS[expression.name] ?? expression.name, expression.arguments);
      case 'cast':
        return this.cast(expression.operand, expression.type);
      case 'in':
        return this.membership(expression.operand, expression.values);
      case 'case':
        return this.choice(expression.branches, expression.otherwise, (result) => this.number(result));
    }
  }

  /** The first branch whose condition holds. Columns become features in the order in which they are written. */
  private choice(
    branches: readonly Branch[],
    otherwise: Expression,
    resultOf: (result: Expression) => Register,
  ): Register {
    const made = branches.map(({ condition, result }) => [this.number(condition), resultOf(result)] as const);
    return made.reduceRight(
      (rest, [condition, result]) => this.truth.where(condition, result, rest),
      resultOf(otherwise),
    );
  }

  private call(name: string, operands: readonly Expression[]): Register {
    const b = this.lowering.builder;
    const comparison = COMPARISONS[name];
    if (comparison !== undefined) return this.comparison(comparison, operands);
    const arity = name === 'coalesce' ? operands.length : (ARITIES[name] ?? 1);
    if (operands.length !== arity || arity === 0)
      return this.refuse(`calls ${name} with ${operands.length} operands`);
    const [x, y, z] = operands.map((operand) => () => this.number(operand));
    const logarithm = LOGARITHMS[name];
    if (logarithm !== undefined) {
      const input = x!();
      return this.valid(b.compare([input], '>', [logarithm.above])[0]!, b.unary([input], logarithm.name)[0]!);
    }
    const unary = UNARY[name];
    if (unary !== undefined) return b.unary([x!()], unary)[0]!;
    switch (name) {
      case '+':
      case '-':
      case '*':
        return b.combine(ARITHMETIC[name], [x!()], [y!()])[0]!;
      case '/':
      case '%': {
        const [dividend, divisor] = [x!(), y!()];
        const result = b.combine(name === '/' ? 'divide' : 'remainder', [dividend], [divisor])[0]!;
        return this.valid(b.compare([divisor], '!=', [0])[0]!, result);
      }
      case 'power': {
        const [base, exponent] = [x!(), y!()];
        return this.truth.orNull([base, exponent], b.combine('power', [base], [exponent])[0]!);
      }
      case 'and':
      case 'or':
        return this.truth[name](x!(), y!());
      case 'not':
        return this.truth.not(x!());
      case 'isnull':
        return this.isNull(operands[0]!);
      case 'isnotnull':
        return this.truth.not(this.isNull(operands[0]!));
      case 'if':
        return this.truth.where(x!(), y!(), z!());
      case 'coalesce':
        return operands
          .map((operand) => this.number(operand))
          .reduceRight((rest, value) => b.select([this.truth.isNull(value)], [rest], [value])[0]!);
      default:
        return this.refuse(`calls ${name}`);
    }
  }

  /** The value where the condition holds, else NULL. */
  private valid(condition: Register, value: Register): Register {
    const b = this.lowering.builder;
    return b.select([condition], [value], [b.nothing()])[0]!;
  }

  private isNull(operand: Expression): Register {
    const column = operand.kind === 'column' ? this.frame.column(operand.name)() : undefined;
    if (column?.kind === 'text') return this.truth.isNull(column.index);
    return this.truth.isNull(this.number(operand));
  }

  private comparison(
    operator: '==' | '!=' | '<' | '<=' | '>' | '>=',
    operands: readonly Expression[],
  ): Register {
    const [left, right] = operands as [Expression, Expression];
    const text = left.kind === 'text' ? left : right.kind === 'text' ? right : undefined;
    if (text !== undefined) {
      if (operator !== '==' && operator !== '!=') return this.refuse('compares texts by their order');
      const equal = this.membership(text === left ? right : left, [text]);
      return operator === '==' ? equal : this.truth.not(equal);
    }
    const [x, y] = [this.number(left), this.number(right)];
    return this.truth.orNull([x, y], this.lowering.builder.combine(operator, [x], [y])[0]!);
  }

  /** 1 where the operand is one of the values. */
  private membership(operand: Expression, values: readonly Expression[]): Register {
    const texts = values.flatMap((value) => (value.kind === 'text' ? [value.value] : []));
    if (texts.length === values.length) return this.isOneOf(operand, texts);
    if (texts.length > 0) return this.refuse('compares texts with numbers');
    return values
      .map((value) => this.comparison('==', [operand, value]))
      .reduce((a, c) => this.truth.or(a, c));
  }

  private isOneOf(operand: Expression, texts: readonly string[]): Register {
    const b = this.lowering.builder;
    if (operand.kind !== 'column') return this.refuse('compares a computed text');
    const column = this.frame.column(operand.name)();
    const known = [...new Set(texts)];
    if (column.kind === 'text') {
      const values = column.texts.map((text) => (known.includes(text) ? 1 : 0));
      const keys = values.map((_, i) => i);
      return b.add({ kind: 'lookup', inputs: [column.index], keys, values, default: Number.NaN })[0]!;
    }
    if (column.kind !== 'raw') return this.refuse(`compares the ${column.kind} ${operand.name} with a text`);
    const input = this.lowering.features.scalar(column.name, 'text', known);
    if (input === undefined)
      return this.refuse(`takes ${column.name} for a text, and another stage for a number`);
    const codes = known.map(() => 1);
    return b.add({
      kind: 'encode-category',
      input,
      categories: known,
      codes,
      missing: Number.NaN,
      unknown: 0,
    })[0]!;
  }

  private cast(operand: Expression, type: string): Register {
    const b = this.lowering.builder;
    const input = this.number(operand);
    switch (type) {
      case 'double':
        return input;
      case 'int':
      case 'integer':
      case 'bigint':
      case 'long':
        return b.unary([input], 'truncate')[0]!;
      case 'boolean':
        return this.truth.orNull([input], b.compare([input], '!=', [0])[0]!);
      default:
        return this.refuse(`casts to ${type}`);
    }
  }

  /** The position of an expression's text among `texts`. */
  private textIndex(expression: Expression, texts: readonly string[]): Register {
    const b = this.lowering.builder;
    const indexOf = (result: Expression): Register => this.textIndex(result, texts);
    if (expression.kind === 'text') return b.constants([texts.indexOf(expression.value)])[0]!;
    if (expression.kind === 'case') return this.choice(expression.branches, expression.otherwise, indexOf);
    if (expression.kind === 'call') {
      const [condition, result, otherwise] = expression.arguments as [Expression, Expression, Expression];
      return this.choice([{ condition, result }], otherwise, indexOf);
    }
    return b.nothing();
  }

  refuse(problem: string): never {
    return this.stage.refuse(
      `its statement ${problem}`,
      'Read are arithmetic, comparisons, AND, OR, NOT, CASE, IF, IN, BETWEEN, IS NULL, COALESCE, CAST to double, int and ' +
        'boolean, CONCAT for a StringIndexer, and functions of numbers. Compute the column before, and feed it as a feature.',
    );
  }
}

const ARITIES: Readonly<Record<string, number>> = {
  '+': 2,
  '-': 2,
  '*': 2,
  '/': 2,
  '%': 2,
  power: 2,
  and: 2,
  or: 2,
  if: 3,
};

/** The texts that an expression can be, where it is a choice among texts. */
function textsOf(expression: Expression): readonly string[] | undefined {
  const isText = (each: Expression): boolean => each.kind === 'null' || textsOf(each) !== undefined;
  const all = (branches: readonly Expression[]): readonly string[] | undefined => {
    const texts = branches.flatMap((each) => textsOf(each) ?? []);
    return texts.length > 0 && branches.every(isText) ? texts : undefined;
  };
  if (expression.kind === 'text') return [expression.value];
  if (expression.kind === 'case')
    return all([...expression.branches.map(({ result }) => result), expression.otherwise]);
  const isIf = expression.kind === 'call' && (SYNONYMS[expression.name] ?? expression.name) === 'if';
  return isIf && expression.arguments.length === 3 ? all(expression.arguments.slice(1)) : undefined;
}
