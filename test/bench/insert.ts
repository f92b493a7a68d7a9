import { type Bench, timingSession } from './bench.ts';
import { alternate, median, type Variant } from './measure.ts';
import type { Section } from './report.ts';
import { featureColumns } from './rows.ts';

/** INSERT … SELECT into a table without a prediction, with one by trigger, with one as generated column. */
export async function benchInsert(bench: Bench): Promise<Section> {
  const { admin, features, rows } = bench;
  const columns = `id integer, ${featureColumns(features.length)}`;
  const list = ['id', ...features].join(', ');
  const generated = `score float8 GENERATED ALWAYS AS (${bench.versionFunction}(${features.join(', ')})) STORED`;
  await admin.query(`
    CREATE UNLOGGED TABLE bench.plain (${columns}, score float8);
    CREATE UNLOGGED TABLE bench.empty_trigger (${columns}, score float8);
    CREATE FUNCTION bench.do_nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER do_nothing BEFORE INSERT ON bench.empty_trigger FOR EACH ROW EXECUTE FUNCTION bench.do_nothing();
    CREATE UNLOGGED TABLE bench.attached (${columns});
    SELECT pgscore.attach('ensemble', 'bench.attached', 'score');
    CREATE UNLOGGED TABLE bench.generated (${columns}, ${generated})`);
  const targets = [
    ['no trigger', 'plain'],
    ['a plpgsql trigger that does nothing', 'empty_trigger'],
    ['attached trigger', 'attached'],
    ['generated column', 'generated'],
  ] as const;
  const variants = await Promise.all(
    targets.map(async ([name, table]): Promise<Variant> => {
      const client = await timingSession(bench);
      const insert = `INSERT INTO bench.${table} (${list}) SELECT ${list} FROM bench.rows`;
      return { name, before: () => client.query(`TRUNCATE bench.${table}`), run: () => client.query(insert) };
    }),
  );
  const samples = await alternate(variants, bench.repetitions);
  const { rows: check } = await admin.query<{ same: boolean }>(
    `SELECT count(*) = ${rows} AND bool_and(a.score = g.score) AS same
       FROM bench.attached AS a JOIN bench.generated AS g USING (id)`,
  );
  if (check[0]?.same !== true) throw new Error('trigger and generated column wrote different scores');
  const speed = samples.map((each) => (rows / median(each)) * 1000);
  return {
    title: `2. INSERT … SELECT of ${rows} rows of ${features.length + 2} columns`,
    notes: ['Unlogged tables, emptied before each repetition. Baseline: no trigger.'],
    rows: variants.map(({ name }, v) => ({
      name,
      values: {
        'rows/s': speed[v]!,
        fastest: (rows / Math.min(...samples[v]!)) * 1000,
        'µs/row': 1e6 / speed[v]!,
        ...(v === 0 ? {} : { 'added µs/row': 1e6 / speed[v]! - 1e6 / speed[0]! }),
        '× baseline': speed[v]! / speed[0]!,
      },
    })),
  };
}
