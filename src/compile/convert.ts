import type { SqlColumn, SqlFamily, SqlReturn, SqlType } from './sql-type.ts';
import type { Shape } from './type-map.ts';

/**
 * How a value crosses between SQL and TypeScript: a function of runtime.ts (`R`) or an arrow function, in JavaScript, undefined where the engine's own value is right. `mismatch` tells why it cannot cross.
 */
export type Conversion = { readonly code: string | undefined } | { readonly mismatch: string };

export type Engine = 'plv8' | 'pljs';

/** Built-in types whose values PLJS passes as raw bytes, or cuts. */
const notOnPljs =
  /^(uuid|time|timetz|interval|inet|cidr|macaddr8?|money|bit|varbit|point|line|lseg|box|path|polygon|circle|xml|int4range|int8range|numrange|tsrange|tstzrange|daterange|tsvector|tsquery)\b/i;

type Table = Readonly<Partial<Record<SqlFamily, Readonly<Partial<Record<Shape['kind'], string | null>>>>>>;

/** For an argument of each family, the shapes that it can have; null where the engine's value is right. */
const incoming: Table = {
  float: { number: null },
  integer: { number: null, bigint: 'R.asBigint' },
  bigint: { number: 'R.asNumber', bigint: 'R.asBigint', string: 'R.asString' },
  numeric: { number: null, string: 'R.asString' },
  text: { string: null },
  boolean: { boolean: null },
  timestamp: { date: null, string: 'R.asString', number: 'R.asTime' },
  bytea: { bytes: null },
};

/** For a result of each family, the shapes that may become it. */
const outgoing: Table = {
  float: { number: null, bigint: 'R.toFloat', any: 'R.toFloat' },
  integer: { number: 'R.toInteger', bigint: 'R.toInteger', any: 'R.toInteger' },
  bigint: { number: 'R.toBigint', bigint: 'R.toBigint', any: 'R.toBigint' },
  numeric: { number: 'R.toNumeric', bigint: 'R.toNumeric', string: 'R.toNumeric', any: 'R.toNumeric' },
  text: { string: 'R.toText', number: 'R.toText', boolean: 'R.toText', bigint: 'R.toText', any: 'R.toText' },
  boolean: { boolean: null, any: 'R.toBoolean' },
  timestamp: {
    date: 'R.toTimestamp',
    string: 'R.toTimestamp',
    number: 'R.toTimestamp',
    any: 'R.toTimestamp',
  },
  bytea: { bytes: null, any: 'R.toBytes' },
};

/** The conversion of an argument. */
export function argumentConversion(type: SqlType, shape: Shape, engine: Engine): Conversion {
  if (engine === 'pljs' && (type.family === 'bytea' || notOnPljs.test(type.text))) {
    return { mismatch: `PLJS does not pass ${type.text} to JavaScript unharmed` };
  }
  if (!type.isArray) return scalarArgument(type, shape);
  if (shape.kind === 'typedArray') return { code: `R.as${shape.constructorName}` };
  if (shape.kind === 'any' || type.family === 'other') return { code: undefined };
  if (shape.kind !== 'array') return mismatch(type, shape);
  const element = scalarArgument({ ...type, isArray: false }, shape.element);
  if ('mismatch' in element || element.code === undefined) return element;
  return { code: `(v)=>R.eachOf(v,${element.code})` };
}

function scalarArgument(type: SqlType, shape: Shape): Conversion {
  if (shape.kind === 'any' || ['json', 'jsonb', 'other'].includes(type.family)) return { code: undefined };
  return lookUp(incoming, type, shape);
}

function lookUp(table: Table, type: SqlType, shape: Shape): Conversion {
  const code = table[type.family]?.[shape.kind];
  return code === undefined ? mismatch(type, shape) : { code: code ?? undefined };
}

function mismatch(type: SqlType, shape: Shape): Conversion {
  return { mismatch: `${type.text} and the TypeScript type (${shapeName(shape)}) do not go together` };
}

export function shapeName(shape: Shape): string {
  if (shape.kind === 'array') return `array of ${shapeName(shape.element)}`;
  if (shape.kind === 'iterable') return `iterable of ${shapeName(shape.element)}`;
  return shape.kind === 'typedArray' ? shape.constructorName : shape.kind;
}

/** The conversion of the whole result; for a set, of its rows by way of `emit`. */
export function resultConversion(returns: SqlReturn, shape: Shape, engine: Engine): Conversion {
  if (returns.kind === 'value') return valueConversion(returns.type, shape, engine, wholeArray(returns.type));
  const rows = rowShape(shape);
  const row =
    returns.kind === 'set'
      ? valueConversion(returns.type, rows, engine, 'toElements')
      : tableConversion(returns.columns, rows, engine);
  if ('mismatch' in row) return row;
  return { code: `(v)=>R.emit(v,${row.code ?? '(r)=>r'})` };
}

/** The rows of a set are the elements of what the function returns, or that itself when it is one row. */
function rowShape(shape: Shape): Shape {
  if (shape.kind === 'array' || shape.kind === 'iterable') return shape.element;
  if (shape.kind === 'typedArray') return { kind: 'number' };
  // Nothing is returned by a function that calls return_next itself.
  return shape.kind === 'void' ? { kind: 'any' } : shape;
}

function tableConversion(columns: readonly SqlColumn[], row: Shape, engine: Engine): Conversion {
  const codes: string[] = [];
  const isRow = row.kind === 'json' || row.kind === 'any';
  if (!isRow && columns.length > 1)
    return { mismatch: `a table's row and ${shapeName(row)} do not go together` };
  for (const { key, name, type } of columns) {
    const column = valueConversion(type, isRow ? { kind: 'any' } : row, engine, 'toElements');
    if ('mismatch' in column) return column;
    // The engines take a table of one column for a set of scalars.
    if (!isRow) return column;
    const value = `R.asRow(r)[${JSON.stringify(key)}]`;
    const converted = column.code === undefined ? `${value}??null` : `(${column.code})(${value})`;
    codes.push(columns.length === 1 ? converted : `[${JSON.stringify(name)}]:${converted}`);
  }
  return { code: columns.length === 1 ? `(r)=>${codes[0]}` : `(r)=>({${codes.join(',')}})` };
}

function valueConversion(type: SqlType, shape: Shape, engine: Engine, array: ArrayConversion): Conversion {
  if (engine === 'pljs' && notOnPljs.test(type.text)) {
    return { mismatch: `PLJS does not return ${type.text} unharmed` };
  }
  if (!type.isArray) return scalarResult(type, shape);
  if (engine === 'pljs' && (type.family === 'json' || type.family === 'jsonb')) {
    return { mismatch: `PLJS does not return ${type.text}: return jsonb instead` };
  }
  if (shape.kind === 'typedArray') return { code: `(v)=>R.${array}(v,${numberResult(type)})` };
  if (shape.kind !== 'array' && shape.kind !== 'any') return mismatch(type, shape);
  const element = scalarResult({ ...type, isArray: false }, shape.kind === 'array' ? shape.element : shape);
  if ('mismatch' in element) return element;
  return { code: `(v)=>R.${array}(v,${element.code ?? '(e)=>e??null'})` };
}

type ArrayConversion = 'toArray' | 'toReferenceArray' | 'toElements';

function wholeArray({ family }: SqlType): ArrayConversion {
  const byValue = ['float', 'integer', 'bigint', 'boolean', 'timestamp'].includes(family);
  return byValue ? 'toArray' : 'toReferenceArray';
}

function numberResult(type: SqlType): string {
  const element = scalarResult({ ...type, isArray: false }, { kind: 'number' });
  return 'code' in element && element.code !== undefined ? element.code : '(e)=>e';
}

function scalarResult(type: SqlType, shape: Shape): Conversion {
  switch (type.family) {
    case 'void':
      return { code: '()=>undefined' };
    case 'json':
      return { code: 'R.toJson' };
    case 'jsonb':
      return { code: 'R.toJsonb' };
    case 'other':
      return { code: 'R.toOther' };
    case 'integer':
      if (/^(int2|smallint)/i.test(type.text) && shape.kind === 'number') return { code: 'R.toSmallint' };
      return lookUp(outgoing, type, shape);
    default:
      return lookUp(outgoing, type, shape);
  }
}
