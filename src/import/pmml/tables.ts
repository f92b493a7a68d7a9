import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Context } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import { dataTypeOf, scanInterval, storedType } from './scan.ts';
import { insideOf } from './treatment.ts';
import { parseConstant } from './types.ts';
import { type DataType, knownCode, number, type Value } from './values.ts';

/** Combinations of inputs that one <MapValues> may know. */
const MAX_COMBINATIONS = 1_000_000;

/** 1 where the field is that value, else 0. https://dmg.org/pmml/v4-4-1/Transformations.html */
export function lowerNormDiscrete(element: Element, context: Context): Value {
  const { lowering } = context;
  element.choice('method', ['indicator'], 'indicator');
  const value = context.resolve(element.string('field'), element);
  const missing = element.optionalNumber('mapMissingTo') ?? Number.NaN;
  const register = indicator(value, element.string('value'), missing, element, lowering);
  return number(register, 'double', value.kind !== 'constant' && value.present);
}

/** 1 for the one value, `missing` for a missing one, else 0. */
export function indicator(
  value: Value,
  text: string,
  missing: number,
  at: Element,
  lowering: Lowering,
): Register {
  if (value.kind === 'constant') {
    if (value.value === null) return lowering.constant(missing);
    return lowering.constant(String(value.value) === text ? 1 : 0);
  }
  const key = value.kind === 'text' ? knownCode(value, text) : parseConstant(at, text, value.type);
  return lowering.b.add({
    kind: 'lookup',
    inputs: [value.register],
    keys: [key, Number.NaN],
    values: [1, missing],
    default: 0,
  })[0]!;
}

export function lowerDiscretize(element: Element, context: Context): Value {
  const { lowering } = context;
  const { b } = lowering;
  element.allow('DiscretizeBin');
  const input = lowering.asNumber(context.resolve(element.string('field'), element), element);
  const bins = element.all('DiscretizeBin');
  const texts = bins.map((bin) => bin.string('binValue'));
  const chosen = [...texts, element.attributes.defaultValue ?? null, element.attributes.mapMissingTo ?? null];
  let index = lowering.constant(bins.length);
  [...bins.keys()].reverse().forEach((k) => {
    const inside = insideOf(input.register, scanInterval(bins[k]!.required('Interval')), lowering);
    index = b.select([inside], [lowering.constant(k)], [index])[0]!;
  });
  if (!input.present) {
    const missing = b.map([input.register], { name: 'is-nan' });
    index = b.select(missing, [lowering.constant(bins.length + 1)], [index])[0]!;
  }
  return chooseText(index, chosen, storedType(dataTypeOf(element, 'string')), element, lowering);
}

/** What stands at an index of 0 …; null is missing. In the texts' own type. */
export function chooseText(
  index: Register,
  texts: readonly (string | null)[],
  type: DataType,
  at: Element,
  lowering: Lowering,
): Value {
  if (type !== 'string') {
    const numbers = texts.map((text) => (text === null ? Number.NaN : parseConstant(at, text, type)));
    return number(lowering.gather(index, numbers), type, false);
  }
  const list = [...new Set(texts.filter((text) => text !== null))];
  const codes = texts.map((text) => (text === null ? Number.NaN : list.indexOf(text)));
  return {
    kind: 'text',
    register: lowering.gather(index, codes),
    texts: list,
    open: false,
    known: list.length,
    present: false,
  };
}

/** The rows of an <InlineTable>: each cell's text by the name of its element. */
export function scanTable(element: Element): readonly ReadonlyMap<string, string>[] {
  return tableRows(element).map(
    (row) => new Map([...row].map(([name, text]) => [name, text.trim()] as const)),
  );
}

/** The rows, with the blanks around the texts. */
export function tableRows(element: Element): readonly ReadonlyMap<string, string>[] {
  if (element.optional('TableLocator') !== undefined) {
    element.refuse('has its table elsewhere', 'Export the model with the table in an <InlineTable>.');
  }
  return element
    .required('InlineTable')
    .all('row')
    .map((row) => new Map(row.children.map((cell) => [cell.name, cell.text] as const)));
}

interface Column {
  readonly name: string;
  readonly value: Value;
}

export function lowerMapValues(element: Element, context: Context): Value {
  const { lowering } = context;
  element.allow('FieldColumnPair', 'InlineTable', 'TableLocator');
  const columns: Column[] = element.all('FieldColumnPair').map((pair) => ({
    name: pair.string('column'),
    value: context.resolve(pair.string('field'), pair),
  }));
  if (columns.length === 0) element.fail('has no <FieldColumnPair>');
  const output = element.string('outputColumn');
  const rows = scanTable(element).filter((row) => row.has(output));
  const results = rows.map((row) => row.get(output)!);
  const texts = [
    ...results,
    element.attributes.defaultValue ?? null,
    element.attributes.mapMissingTo ?? null,
  ];
  const index = matchRow(element, columns, rows, lowering);
  return chooseText(index, texts, storedType(dataTypeOf(element, 'string')), element, lowering);
}

/** The number of the first row whose cells are the columns' values; rows.length when none is, one more for a missing one. */
function matchRow(
  element: Element,
  columns: readonly Column[],
  rows: readonly ReadonlyMap<string, string>[],
  lowering: Lowering,
): Register {
  const { b } = lowering;
  let keys = rows.map(() => 0);
  let key: Register | undefined;
  let combinations = 1;
  for (const { name, value } of columns) {
    const place = new Map<string, number>();
    const column = value.kind === 'constant' ? constantAsValue(value, lowering) : value;
    const cellKeys = rows.map((row) => {
      const cell = row.get(name);
      if (cell === undefined) element.fail(`has a row without a cell ${JSON.stringify(name.slice(0, 60))}`);
      return column.kind === 'text' ? knownCode(column, cell) : parseConstant(element, cell, column.type);
    });
    const distinct = [...new Set(cellKeys)];
    distinct.forEach((cell, i) => {
      place.set(String(cell), i + 1);
    });
    const position = b.add({
      kind: 'lookup',
      inputs: [column.register],
      keys: distinct,
      values: distinct.map((_, i) => i + 1),
      default: 0,
    })[0]!;
    const [checked] = column.present
      ? [position]
      : b.select(b.map([column.register], { name: 'is-nan' }), [lowering.constant(Number.NaN)], [position]);
    combinations *= distinct.length + 1;
    if (combinations > MAX_COMBINATIONS) element.refuse(`maps more than ${MAX_COMBINATIONS} combinations`);
    const stride = distinct.length + 1;
    key =
      key === undefined
        ? checked!
        : b.combine('add', b.map([key], { name: 'multiply', by: [stride] }), [checked!])[0]!;
    keys = keys.map((before, i) => before * stride + place.get(String(cellKeys[i]))!);
  }
  const table = new Map<number, number>();
  keys.forEach((each, i) => {
    if (!table.has(each)) table.set(each, i);
  });
  return b.add({
    kind: 'lookup',
    inputs: [key!],
    keys: [...table.keys(), Number.NaN],
    values: [...table.values(), rows.length + 1],
    default: rows.length,
  })[0]!;
}

function constantAsValue(
  value: Extract<Value, { kind: 'constant' }>,
  lowering: Lowering,
): Exclude<Value, { kind: 'constant' }> {
  if (typeof value.value === 'number') return number(lowering.constant(value.value), 'double', true);
  const texts = value.value === null ? [] : [value.value];
  const register = lowering.constant(value.value === null ? Number.NaN : 0);
  return { kind: 'text', register, texts, open: false, known: texts.length, present: value.value !== null };
}
