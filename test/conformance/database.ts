import type pg from 'pg';
import { type ProgramArgument, takesArrays, toArrays } from '../../src/codegen/arguments.ts';
import { type JavaScriptFunctions, javascriptFunctions } from '../../src/codegen/javascript-functions.ts';
import type { ArgumentValue } from '../../src/codegen/load-program.ts';
import { compileProgram, type Program, type Range } from '../../src/codegen/program.ts';
import { categoryCode, type Model, type Prediction } from '../../src/ir/model.ts';
import { createTestDatabase } from '../harness/database.ts';
import type { Row } from './runner.ts';

/** Scores rows in the database, all in one query. */
export type DatabaseScorer = (rows: readonly Row[]) => Promise<readonly Prediction[]>;

/**
 * The programs of all models as functions of one new database, created before the first is called: creating one makes
 * PLJS forget what sessions have decoded.
 */
export async function createDatabaseScorers(models: readonly Model[]): Promise<readonly DatabaseScorer[]> {
  const database = await createTestDatabase();
  const client = await database.client();
  const programs = await Promise.all(models.map(compileProgram));
  const functions = programs.map((program, i) =>
    javascriptFunctions(program, { engine: database.engine, schema: 'conformance', name: `model_${i}` }),
  );
  await client.query(`CREATE SCHEMA conformance;\n${functions.map(({ sql }) => sql).join('\n')}`);
  return models.map((model, i) => (rows) => score(client, model, programs[i]!, functions[i]!, rows));
}

async function score(
  client: pg.Client,
  model: Model,
  program: Program,
  functions: JavaScriptFunctions,
  rows: readonly Row[],
): Promise<readonly Prediction[]> {
  const values = rows.map((row) => program.arguments.map((argument) => argumentOf(model, argument, row)));
  const arrays = values.map((row) => toArrays(program.arguments, row));
  // OFFSET 0 keeps the casts from being repeated for each argument.
  const call = argumentsOf(program);
  const { rows: results } = await client.query<{ value: number; outputs: number[] }>(
    `SELECT ${functions.value.name}(${call}) AS value, ${functions.outputs.name}(${call}) AS outputs
       FROM (SELECT row::float8[] AS x, ARRAY(SELECT jsonb_array_elements_text(texts::jsonb)) AS t, n
               FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS _ (row, texts, n) OFFSET 0) AS rows
      ORDER BY n`,
    [
      arrays.map(([numbers]) => arrayLiteral(numbers as (number | null)[])),
      arrays.map(([, texts]) => JSON.stringify(texts ?? [])),
    ],
  );
  return results.map(({ value, outputs }) => {
    if (!Object.is(value, outputs[0])) throw new Error(`value() gives ${value}, outputs() ${outputs[0]}`);
    return predictionOf(model, program, outputs);
  });
}

/** The row as JSON is NULL: the arguments after it count, elements of x and t or these themselves. */
function argumentsOf({ arguments: args }: Program): string {
  const counts = { x: 0, t: 0 };
  const elements = args.map(({ text }) => {
    const array = text ? 't' : 'x';
    counts[array] += 1;
    return `${array}[${counts[array]}]`;
  });
  const arrays = counts.t > 0 ? ['x', 't'] : ['x'];
  return ['NULL', ...(takesArrays(args) ? arrays : elements)].join(', ');
}

/** A category becomes its code, as the SQL around the program does it. */
function argumentOf(model: Model, { feature, step: index, text }: ProgramArgument, row: Row): ArgumentValue {
  const value = row[feature]!;
  if (typeof value === 'number' || text) return value;
  const step = index === undefined ? undefined : model.steps[index];
  if (step?.kind !== 'encode-category') return null;
  return categoryCode(step, value);
}

/** String() would lose the sign of -0. */
function arrayLiteral(values: readonly (number | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : Object.is(value, -0) ? '-0' : value)).join()}}`;
}

function predictionOf({ output }: Model, program: Program, outputs: readonly number[]): Prediction {
  const slice = ({ start, end }: Range) => outputs.slice(start, end);
  const layout = program.outputs;
  const labels = output.classes?.labels;
  const probabilities = slice(layout.probabilities);
  const value = outputs[layout.value]!;
  const prediction = {
    value: Number.isNaN(value) ? null : value,
    label: labels?.[outputs[layout.predicted]!] ?? null,
    probabilities:
      output.classes?.probabilities === undefined
        ? null
        : Object.fromEntries(labels!.map((label, i) => [label, probabilities[i]!])),
    raw: slice(layout.raw),
  };
  return output.values === undefined ? prediction : { ...prediction, values: slice(layout.values) };
}
