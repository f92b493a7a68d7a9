import type { Register } from '../../ir/model.ts';
import { lookUpConcatenation } from './concatenation.ts';
import { type Column, type Frame, numberColumn, type Part } from './frame.ts';
import type { Lowering } from './lowering.ts';
import type { Stage } from './stage.ts';

const INVALID = ['error', 'skip', 'keep'] as const;

/** The text of a label that StringIndexerModel gives to whatever it does not know. */
export const UNKNOWN = '__unknown';

/** The position of a text among the labels. Unknown and missing texts come after them all, or are an error. */
export function stringIndexer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const keep = stage.choice('handleInvalid', INVALID, 'error') === 'keep';
  const lists = labelLists(stage);
  const pairs = stage.columnPairs();
  if (lists.length !== pairs.length)
    stage.fail(`has labels of ${lists.length} columns, but ${pairs.length} input columns`);
  pairs.forEach(({ input, output }, i) => {
    const labels = lists[i]!;
    const column = frame.column(input);
    lowering.labels.set(output, keep ? [...labels, UNKNOWN] : labels);
    frame.set(output, () => {
      const other = keep ? labels.length : Number.NaN;
      const code = indexOf(column(), labels, other, stage, lowering);
      if (!keep) lowering.guards.add(code);
      return numberColumn(code, false, labels.length + (keep ? 1 : 0));
    });
  });
}

/** Since 3.0 one list a column. */
function labelLists(stage: Stage): readonly (readonly string[])[] {
  const row = stage.row();
  if (!row.has('labelsArray')) return [row.texts('labels')];
  return row.list('labelsArray').map((labels) => stage.reader({ labels }).texts('labels'));
}

/** How Java writes a double: such labels come from a column of numbers. */
const JAVA_DOUBLE = /^-?\d+\.\d+(E-?\d+)?$/;

function indexOf(
  column: Column,
  labels: readonly string[],
  other: number,
  stage: Stage,
  lowering: Lowering,
): Register {
  const b = lowering.builder;
  b.charge(2 * labels.length);
  if (new Set(labels).size !== labels.length) return stage.fail('has the same label twice');
  if (column.kind === 'text') {
    const positions = column.texts.map((text) => labels.indexOf(text)).map((at) => (at === -1 ? other : at));
    const keys = positions.map((_, i) => i);
    return b.add({ kind: 'lookup', inputs: [column.index], keys, values: positions, default: other })[0]!;
  }
  if (column.kind === 'concatenation') {
    const known = new Map(labels.map((label, i) => [label, i]));
    return lookUpConcatenation(column, known, other, (text) => JAVA_DOUBLE.test(text), stage, lowering);
  }
  if (column.kind === 'vector' || column.kind === 'terms')
    return stage.refuse(`indexes texts, but gets a ${column.kind === 'vector' ? 'vector' : 'list of terms'}`);
  const numeric = column.kind === 'number' || isNumeric(column.name, labels, lowering);
  const categories = numeric ? labels.map(Number) : labels;
  if (numeric && new Set<string | number>(categories).size !== labels.length)
    return stage.refuse('indexes numbers of which two have labels of the same value');
  const input = numeric
    ? lowering.number(column, stage).register
    : (lowering.features.scalar((column as { name: string }).name, 'text', labels) ??
      stage.refuse(
        `needs column ${JSON.stringify((column as { name: string }).name)} as a text, but another stage takes it as a number`,
        'Give the other stage a column of its own before training.',
      ));
  if (numeric && column.kind === 'raw') lowering.features.scalar(column.name, 'number', categories);
  return b.add({
    kind: 'encode-category',
    input,
    categories: categories as string[] | number[],
    missing: other,
    unknown: other,
  })[0]!;
}

/** Whether a column of the table holds numbers: another stage says so, or the labels do. */
function isNumeric(name: string, labels: readonly string[], lowering: Lowering): boolean {
  const numbers = labels.length > 0 && labels.every((label) => Number.isFinite(Number(label || Number.NaN)));
  const kind = lowering.features.kindOf(name);
  if (kind !== undefined) return kind === 'number' && numbers;
  return numbers && labels.every((label) => JAVA_DOUBLE.test(label));
}

/** The text of each index. After a classifier it says what the classes are called. */
export function indexToString(stage: Stage, frame: Frame, lowering: Lowering): void {
  const input = stage.text('inputCol');
  const column = frame.column(input);
  const own = stage.has('labels') ? stage.texts('labels') : [];
  const labels = own.length > 0 ? own : (lowering.labels.get(input) ?? []);
  const prediction = lowering.predictions.findLast(
    ({ stage: model }) => model.text('predictionCol', 'prediction') === input,
  );
  if (prediction?.kind === 'classification' && labels.length > 0) prediction.labels = labels;
  frame.set(stage.output, () => {
    if (labels.length === 0) stage.refuse('has no labels, and nothing in the file says those of its column');
    return { kind: 'text', index: lowering.number(column(), stage).register, texts: labels };
  });
}

/**
 * Values of categorical elements become positions; other elements pass. A zero that is no category is invalid, as Spark has
 * it of dense vectors; of sparse ones it never looks at zeros.
 */
export function vectorIndexer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const column = frame.column(stage.text('inputCol'));
  const handling = stage.choice('handleInvalid', INVALID, 'error');
  frame.set(stage.output, () => {
    const row = stage.row();
    const parts = [...lowering.vector(column(), row.whole('numFeatures', 1, 1e6), stage)];
    for (const [index, map] of row.map('categoryMaps')) {
      const part = parts[Number(index)];
      if (part === undefined) return stage.fail(`indexes element ${index} of ${parts.length}`);
      parts[Number(index)] = indexed(part, categoriesOf(map, stage), handling, lowering);
    }
    return { kind: 'vector', parts };
  });
}

interface Categories {
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

function categoriesOf(map: unknown, stage: Stage): Categories {
  const entries = [...stage.reader({ map }).map('map')];
  const values = stage.reader({ values: entries.map(([, value]) => value) }).numbers('values');
  return { keys: entries.map(([key]) => Number(key)), values };
}

function indexed(
  part: Part,
  { keys, values }: Categories,
  handling: (typeof INVALID)[number],
  lowering: Lowering,
): Part {
  const b = lowering.builder;
  b.charge(2 * keys.length);
  const keep = handling === 'keep';
  const other = keep ? keys.length : Number.NaN;
  const register = b.add({ kind: 'lookup', inputs: [part.register], keys, values, default: other })[0]!;
  if (!keep) lowering.guards.add(register);
  // Two values are a binary attribute, which Interaction takes for a number.
  const arity = keep ? keys.length + 1 : keys.length === 2 ? undefined : keys.length;
  return { register, mayBeMissing: false, ...(arity === undefined ? {} : { arity }) };
}
