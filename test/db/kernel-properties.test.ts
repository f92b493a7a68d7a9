import fc from 'fast-check';
import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { takesArrays, toArrays } from '../../src/codegen/arguments.ts';
import { javascriptFunctions } from '../../src/codegen/javascript-functions.ts';
import type { ArgumentValue } from '../../src/codegen/load-program.ts';
import { compileProgram, type Program } from '../../src/codegen/program.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { quoteLiteral } from '../../src/quote.ts';
import { type ModelWithRows, modelWithRows } from '../harness/arbitraries.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { programArguments } from '../unit/codegen/programs.ts';

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = await database.client();
});

/** As PostgreSQL reads it: -0 and the infinities too. */
function literal(value: ArgumentValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoteLiteral(value);
  return `'${Object.is(value, -0) ? '-0' : value}'::float8`;
}

/** Value and outputs of each row, computed by the functions in the database. */
async function scoreInDatabase(
  program: Program,
  rows: readonly (readonly ArgumentValue[])[],
): Promise<{ value: number; outputs: number[] }[]> {
  const options = { engine: database.engine, schema: 'public', name: 'random_model' };
  const { value, outputs, sql } = javascriptFunctions(program, options);
  const { arguments: list } = program;
  const calls = rows.map((row) => {
    const literals = row.map(literal);
    const taken = takesArrays(list)
      ? toArrays(list, literals).map((each, i) => `ARRAY[${each}]::${i === 0 ? 'float8' : 'text'}[]`)
      : literals;
    const args = ['NULL', ...taken].join();
    return `SELECT ${value.name}(${args}) AS value, ${outputs.name}(${args}) AS outputs`;
  });
  await client.query('BEGIN');
  try {
    await client.query(sql);
    const scored = [];
    for (const call of calls) scored.push((await client.query(call)).rows[0]);
    return scored;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** exp and log of V8, QuickJS and glibc differ in the last bit; a link to float32 may then round the other way. */
function expectClose(got: readonly number[], expected: readonly number[]): void {
  got.forEach((value, i) => {
    const wanted = expected[i]!;
    if (Object.is(value, wanted) || Math.abs(value - wanted) <= 2e-7 * (1 + Math.abs(wanted))) return;
    expect(value).toBe(wanted);
  });
}

async function agrees({ model, rows }: ModelWithRows): Promise<void> {
  const program = await compileProgram(model);
  const scored = await scoreInDatabase(
    program,
    rows.map((row) => programArguments(model, program, row)),
  );
  const { raw, values } = program.outputs;
  scored.forEach(({ value, outputs }, i) => {
    const { registers } = evaluate(model, rows[i]!);
    expect(outputs.slice(raw.start, raw.end)).toEqual(model.output.raw.map((r) => registers[r]));
    expectClose(
      outputs.slice(values.start, values.end),
      model.output.values!.map((r) => registers[r]!),
    );
    expect(value).toBe(outputs[0]);
  });
}

test('the database gives what the reference evaluator gives, bit for bit before the links', async () => {
  await fc.assert(fc.asyncProperty(modelWithRows({ maxRows: 8 }), agrees), { numRuns: 60 });
});

test('so it does with more features than PostgreSQL has arguments', async () => {
  const wide = modelWithRows({ features: { min: 101, max: 110 }, maxRows: 2 });
  await fc.assert(fc.asyncProperty(wide, agrees), { numRuns: 4 });
});
