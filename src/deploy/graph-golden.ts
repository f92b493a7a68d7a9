import { PgscoreError } from '../errors.ts';
import type { ModelFile } from '../import/importer.ts';
import type { GraphElement, GraphFeature, GraphModel } from '../ir/graph.ts';
import { readGraphRows } from '../predict-graph.ts';
import { readRows } from '../rows.ts';
import { parseArray } from '../sidecar/array-text.ts';
import { type GraphSession, openGraph } from '../sidecar/onnxruntime.ts';
import { scoreRows } from '../sidecar/score-rows.ts';
import { isWhole } from '../sidecar/tensor-data.ts';
import { type GraphPrediction, type RawRow, RowError } from '../sidecar/tensors.ts';
import { collect, expectationOf, findColumns, type GoldenRow, generator, pick } from './golden.ts';

/** A row as the sidecar reads it, with what is expected of it; nothing when it need only score. */
export interface GraphGoldenRow extends Omit<GoldenRow, 'features'> {
  readonly features: RawRow;
}

/** Rows that are drawn score with no expectation, so a few will do. */
const DRAWN_ROWS = 8;
/** The length of drawn arrays along axes of any length. */
const DRAWN_LENGTH = 16;
/** Rows of one run of the proof. */
const BATCH = 64;
/** Rows that are also scored alone. */
const ALONE = 4;

const VALUES_COLUMNS = ['expected_values', 'values'];

/** As readGoldenRows; a model that predicts an array is held to a column expected_values (or values). */
export async function readGraphGoldenRows(
  graph: GraphModel,
  path: string,
  expected?: string,
): Promise<GraphGoldenRow[]> {
  const rows = await collect(readGraphRows(path, graph.features));
  const expectations = expected === undefined ? rows : await collect(readRows(expected, []));
  const origin = expected ?? path;
  if (expectations.length !== rows.length) {
    throw new PgscoreError(
      'PGS_INPUT',
      `${path} has ${rows.length} rows and ${expected} ${expectations.length}`,
      { hint: 'The two files are matched row by row.' },
    );
  }
  const [first] = expectations;
  if (first === undefined) throw new PgscoreError('PGS_INPUT', `${path} has no rows`);
  const column = VALUES_COLUMNS.find((name) => Object.hasOwn(first.extra, name));
  const array = graph.output.values === undefined ? undefined : column;
  const columns = array === undefined ? findColumns(first, origin, graph) : undefined;
  return rows.map(({ number, raw }, k) => ({
    row: number,
    features: raw,
    ...(columns === undefined
      ? { values: numbersOf(expectations[k]!.extra[array!], origin, number) }
      : expectationOf(expectations[k]!, columns, origin)),
  }));
}

function numbersOf(value: unknown, path: string, row: number): readonly number[] {
  try {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [...parseArray(text, { whole: false, bytea: 'float32' }).values].map(Number);
  } catch (error) {
    throw new PgscoreError('PGS_INPUT', `${path}, row ${row}: ${(error as Error).message}`, { cause: error });
  }
}

/** Rows for a deploy without golden rows: the same for the same graph. They must score; nothing is known of how. */
export function drawGraphRows(graph: GraphModel): GraphGoldenRow[] {
  const random = generator(0x9e3779b9);
  const candidates = graph.features.map((feature, index) => candidatesOf(graph, feature, index));
  return Array.from({ length: DRAWN_ROWS }, (_, k) => ({
    row: k + 1,
    features: candidates.map((texts) => pick(texts, random)),
  }));
}

function candidatesOf(graph: GraphModel, feature: GraphFeature, index: number): readonly (string | null)[] {
  if (feature.kind === 'array') {
    const shape = feature.shape.map((size) => size ?? DRAWN_LENGTH);
    return ['0', '1'].map((number) => filledArray(number, shape));
  }
  const elements = graph.inputs.flatMap(({ type, from }) =>
    'array' in from ? [] : from.elements.map((element) => ({ element, type })),
  );
  const own = elements.filter(({ element }) => element.feature === index);
  const texts = own.flatMap(({ element }) => textsFor(element));
  // Whole tensors have no place for a missing value unless something stands in for it.
  const optional = own.every(
    ({ element: { missing }, type }) => !isWhole(type) || !Number.isNaN(missing as number),
  );
  return optional ? [null, ...texts] : texts;
}

function textsFor(element: GraphElement): string[] {
  switch (element.kind) {
    case 'number':
      return ['0', '1'];
    case 'category':
      return [...element.categories.slice(0, 50)];
    case 'text':
      return ['', 'a'];
  }
}

function filledArray(number: string, shape: readonly number[]): string {
  return shape.reduceRight((inner, size) => `{${new Array<string>(size).fill(inner).join(',')}}`, number);
}

/**
 * Scores golden rows with onnxruntime in this process: in batches, as the sidecar does, and a few of them alone, which
 * must give the same. Throws PGS_DEPLOY when a row differs by more than the tolerance, or cannot be scored.
 */
export async function proveGraph(
  graph: GraphModel,
  file: ModelFile,
  rows: readonly GraphGoldenRow[],
  tolerance: number,
): Promise<void> {
  const session = await openGraph(file.name, file.bytes, graph);
  try {
    const predictions: GraphPrediction[] = [];
    for (let start = 0; start < rows.length; start += BATCH) {
      predictions.push(...(await score(graph, session, rows.slice(start, start + BATCH))));
    }
    const problems = rows.flatMap((row, k) => {
      const differences = differencesOf(row, predictions[k]!, tolerance);
      return differences.length === 0 ? [] : [`row ${row.row}: ${differences.join('; ')}`];
    });
    if (problems.length > 0) refuse(file, problems, rows.length, tolerance);
    await proveIndependence(graph, file, session, rows.slice(0, ALONE), predictions, tolerance);
  } finally {
    await session.close();
  }
}

/** A graph whose rows depend on each other, or that takes another axis for the rows, shows when a row runs alone. */
async function proveIndependence(
  graph: GraphModel,
  file: ModelFile,
  session: GraphSession,
  rows: readonly GraphGoldenRow[],
  predictions: readonly GraphPrediction[],
  tolerance: number,
): Promise<void> {
  for (const [k, row] of rows.entries()) {
    const [alone] = await score(graph, session, [row]);
    const { label: _, probabilities: __, value, ...rest } = alone!;
    const expected = { row: row.row, features: row.features, ...rest, ...(value === null ? {} : { value }) };
    const [difference] = differencesOf(expected, predictions[k]!, tolerance);
    if (difference === undefined) continue;
    throw new PgscoreError(
      'PGS_DEPLOY',
      `${file.name}: row ${row.row} scores otherwise beside other rows than alone: ${difference}`,
      {
        hint: 'Rows must not depend on each other: export the model for inference, its first axis that of the rows.',
      },
    );
  }
}

async function score(
  graph: GraphModel,
  session: GraphSession,
  rows: readonly GraphGoldenRow[],
): Promise<GraphPrediction[]> {
  const features = rows.map((row) => row.features);
  const results = await scoreRows(graph, features, session.run);
  return results.map((result, k) => {
    if (!(result instanceof RowError)) return result;
    throw new PgscoreError('PGS_DEPLOY', `golden row ${rows[k]!.row}: ${result.message}`, {
      hint: 'Nothing was deployed. Give rows that the model takes with --golden.',
    });
  });
}

function differencesOf(row: GraphGoldenRow, prediction: GraphPrediction, tolerance: number): string[] {
  const { value, label, raw, values } = prediction;
  return [
    ...(row.value === undefined ? [] : difference('value', value, row.value, tolerance)),
    ...(row.label === undefined || row.label === label
      ? []
      : [`label is ${JSON.stringify(label)}, expected ${JSON.stringify(row.label)}`]),
    ...listDifferences('raw', raw, row.raw, tolerance),
    ...listDifferences('values', values ?? [], row.values, tolerance),
  ];
}

function listDifferences(
  name: string,
  got: readonly number[],
  expected: GoldenRow['raw'],
  tolerance: number,
): string[] {
  if (expected === undefined) return [];
  if (got.length !== expected.length)
    return [`${name} has ${got.length} numbers, expected ${expected.length}`];
  return expected.flatMap((each, k) => difference(`${name}[${k}]`, got[k]!, each, tolerance)).slice(0, 3);
}

/** |got - expected| > tolerance * (1 + |expected|), NaN equal to NaN: as the database compares. */
function difference(name: string, got: number | null, wanted: unknown, tolerance: number): string[] {
  const expected = Number(wanted);
  const number = got ?? Number.NaN;
  const equal = Object.is(number, expected) || number === expected;
  if (equal || Math.abs(number - expected) <= tolerance * (1 + Math.abs(expected))) return [];
  return [`${name} is ${got}, expected ${expected}`];
}

function refuse(file: ModelFile, problems: readonly string[], count: number, tolerance: number): never {
  const shown = problems.slice(0, 5).join('\n');
  throw new PgscoreError(
    'PGS_DEPLOY',
    `${problems.length} of ${count} golden rows differ from what ${file.name} gives by more than ${tolerance}\n${shown}`,
    {
      hint:
        'Nothing was deployed. Compare the golden rows with the model file and with what feeds its inputs (--inputs): ' +
        'another version of the model, another order of columns or another scaling are the usual reasons.',
    },
  );
}
