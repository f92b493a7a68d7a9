import { setTimeout } from 'node:timers/promises';
import { sumModel } from '../harness/models.ts';
import { type Bench, deploy, madeModel } from './bench.ts';
import type { Section } from './report.ts';
import { withSidecar } from './sidecar-process.ts';

const INSERTS = 200;

/** Milliseconds from the end of an INSERT's COMMIT to the end of the sidecar's, one row every 50 to 150 ms. */
export async function benchLatency(bench: Bench): Promise<Section> {
  const { admin } = bench;
  const inserts = bench.rows <= 1000 ? 5 : INSERTS;
  await deploy(admin, 'quick', madeModel(sumModel(['a', 'b'])));
  await admin.query(
    `CREATE TABLE bench.single (id integer PRIMARY KEY, a float8, b float8);
     SELECT pgscore.attach('quick', 'bench.single', 'score', mode => 'async');
     CREATE FUNCTION bench.tell() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN PERFORM pg_catalog.pg_notify('bench_scored', NEW.id::text); RETURN NULL; END $$;
     CREATE TRIGGER tell AFTER UPDATE ON bench.single FOR EACH ROW EXECUTE FUNCTION bench.tell()`,
  );
  const listener = await bench.database.session();
  await listener.query('LISTEN bench_scored');
  const scored = (id: number) =>
    new Promise<number>((resolve) => {
      const onNotification = ({ payload }: { payload?: string | undefined }) => {
        if (payload !== String(id)) return;
        listener.off('notification', onNotification);
        resolve(performance.now());
      };
      listener.on('notification', onNotification);
    });
  const insert = async (id: number) => {
    const answer = scored(id);
    await admin.query('INSERT INTO bench.single VALUES ($1, 1, 2)', [id]);
    const committed = performance.now();
    return (await answer) - committed;
  };
  const samples = await withSidecar(
    bench,
    () => insert(0),
    async () => {
      const found: number[] = [];
      for (let id = 1; id <= inserts; id++) {
        await setTimeout(50 + 100 * ((id * 0.618) % 1));
        found.push(Math.max(0, await insert(id)));
      }
      return found.sort((a, b) => a - b);
    },
  );
  const percentile = (share: number) =>
    samples[Math.min(samples.length - 1, Math.floor(samples.length * share))]!;
  return {
    title: `9. From COMMIT to the column, ${inserts} single rows at low load`,
    notes: ['Milliseconds until the sidecar’s own COMMIT is heard of.'],
    rows: [
      { name: 'median', values: { ms: percentile(0.5) } },
      { name: '95th percentile', values: { ms: percentile(0.95) } },
      { name: 'slowest', values: { ms: samples.at(-1)! } },
    ],
  };
}
