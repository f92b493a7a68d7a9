import { type Bench, timingSession } from './bench.ts';
import { median, timed } from './measure.ts';
import type { Section } from './report.ts';

/** What the first calls on a new connection cost: the engine's start, decoding the model, compiling. */
export async function benchCold(bench: Bench): Promise<Section> {
  const { admin, database, features } = bench;
  await admin.query(
    `CREATE FUNCTION bench.trivial(x float8) RETURNS float8 LANGUAGE ${database.engine} IMMUTABLE AS 'return x'`,
  );
  const row = features.map((_, k) => `${k}::float8`).join(', ');
  const score = `SELECT pgscore_models.ensemble(${row})`;
  const calls = [
    { name: 'plpgsql, for comparison', sql: 'DO $$ BEGIN END $$' },
    { name: `trivial ${database.engine} function`, sql: 'SELECT bench.trivial(1)' },
    { name: 'scoring function', sql: score },
    {
      name: `predict('…', jsonb literal)`,
      sql: `SELECT pgscore.predict('ensemble', to_jsonb(r)) FROM (SELECT ${aliased(features)}) AS r`,
    },
  ];
  const thousand = `SELECT sum(pgscore_models.ensemble(${features.join(', ')})) FROM bench.rows WHERE id <= 1000`;
  const samples = calls.map(() => ({
    first: [] as number[],
    second: [] as number[],
    thousand: [] as number[],
  }));
  for (let round = 0; round < bench.repetitions; round++) {
    for (const [c, { sql }] of calls.entries()) {
      const client = await timingSession(bench);
      samples[c]!.first.push(await timed(() => client.query(sql)));
      samples[c]!.second.push(await timed(() => client.query(sql)));
      if (sql === score) samples[c]!.thousand.push(await timed(() => client.query(thousand)));
      await client.end();
    }
  }
  return {
    title: '4. The first calls on a new connection',
    notes: ['Milliseconds a statement as the client sees it; every repetition on a new connection.'],
    rows: calls.map(({ name }, c) => ({
      name,
      values: {
        'first call, ms': median(samples[c]!.first),
        'second call, ms': median(samples[c]!.second),
        ...(samples[c]!.thousand.length === 0 ? {} : { 'next 1,000 rows, ms': median(samples[c]!.thousand) }),
      },
    })),
  };
}

function aliased(features: readonly string[]): string {
  return features.map((name, k) => `${k}::float8 AS ${name}`).join(', ');
}
