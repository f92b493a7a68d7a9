import type pg from 'pg';
import { type Bench, timingSession } from './bench.ts';
import { alternate, median, statement } from './measure.ts';
import type { Section } from './report.ts';
import { caseFunction, ifFunction } from './rivals.ts';

/** Greatest difference between the ways of scoring: their exp() are not the same code. */
const TOLERANCE = 1e-12;

/** One ensemble as scoring function, as SQL CASE, as plpgsql IF. */
export async function benchScoring(bench: Bench): Promise<Section> {
  const { admin, model, rows } = bench;
  const call = `pgscore_models.ensemble(${bench.features.join(', ')})`;
  const asCase = `bench.as_case(${bench.features.join(', ')})`;
  const asIf = `bench.as_if(${bench.features.join(', ')})`;
  await admin.query(caseFunction('bench.as_case', model));
  await admin.query(ifFunction('bench.as_if', model));
  await requireInlined(admin, asCase, 'as_case');
  await requireAgreement(bench, [call, asCase, asIf]);

  const scan = `SELECT sum(${bench.features.at(-1)}) FROM bench.rows`;
  const sum = (expression: string) => `SELECT sum(${expression}) FROM bench.rows`;
  const variants = [
    statement('table scan alone', await timingSession(bench), scan),
    statement('scoring function', await timingSession(bench), sum(call)),
    statement('SQL CASE, jit off', await timingSession(bench, { jit: 'off' }), sum(asCase)),
    statement('plpgsql IF', await timingSession(bench), sum(asIf)),
  ];
  if (await hasJit(admin))
    variants.push(statement('SQL CASE, jit on', await timingSession(bench, { jit: 'on' }), sum(asCase)));

  const samples = await alternate(variants, bench.repetitions);
  const perRow = samples.map((each) => (median(each) * 1000) / rows);
  return {
    title: `1. Scoring functions: ${model.features.length} features, 100 trees of depth 6, ${rows} rows`,
    notes: [
      'µs per row of SELECT sum(…) over the table; results agree. Baseline: the scoring function, all in.',
      '"all in" includes planning and the scan; "net" is without the scan; "fastest" the fastest repetition.',
    ],
    rows: variants.map(({ name }, v) => ({
      name,
      values: {
        'µs/row all in': perRow[v]!,
        ...(v === 0 ? {} : { net: perRow[v]! - perRow[0]! }),
        fastest: (Math.min(...samples[v]!) * 1000) / rows,
        ...(v === 0 ? {} : { '× baseline': perRow[v]! / perRow[1]! }),
      },
    })),
  };
}

async function hasJit(client: pg.ClientBase): Promise<boolean> {
  return (await client.query<{ found: boolean }>('SELECT pg_catalog.pg_jit_available() AS found')).rows[0]!
    .found;
}

/** A function that PostgreSQL does not inline would be measured as something that nobody writes. */
async function requireInlined(client: pg.ClientBase, call: string, name: string): Promise<void> {
  const { rows } = await client.query(`EXPLAIN (VERBOSE) SELECT ${call} FROM bench.rows`);
  if (JSON.stringify(rows).includes(name)) throw new Error(`${name} was not inlined`);
}

async function requireAgreement({ admin }: Bench, calls: readonly string[]): Promise<void> {
  const differences = calls.slice(1).map((call, k) => `max(abs(${call} - ${calls[0]})) AS d${k}`);
  const { rows } = await admin.query<Record<string, number | null>>(
    `SELECT ${differences.join(', ')} FROM (SELECT * FROM bench.rows ORDER BY id LIMIT 1000) AS rows`,
  );
  const worst = Math.max(...Object.values(rows[0]!).map((each) => each ?? Number.POSITIVE_INFINITY));
  if (worst > TOLERANCE) throw new Error(`the ways of scoring differ by ${worst}`);
}
