import { readFileSync } from 'node:fs';
import { graphFromJson } from '../../src/ir/json.ts';
import { openGraph } from '../../src/sidecar/onnxruntime.ts';
import { assembleInputs, type RawRow } from '../../src/sidecar/tensors.ts';
import { readTelco } from '../conformance/telco.ts';
import { deployTelcoNetwork } from '../harness/deploy-graph.ts';
import { modelPath } from '../harness/model-path.ts';
import type { Bench } from './bench.ts';
import { timed } from './measure.ts';
import type { Section } from './report.ts';
import { drained, withSidecar } from './sidecar-process.ts';

const ROWS = 30_000;
/** The batches that the sidecar makes of it: pages of 500. */
const BATCH = 500;
/** Which it runs in parts about this large, as it finds out. */
const PART = 64;

/** A network's rows a second through the queue, beside a loop that does nothing but run it over the same batches. */
export async function benchNetwork(bench: Bench): Promise<Section> {
  const { admin } = bench;
  const rows = bench.rows <= 1000 ? 500 : ROWS;
  await deployTelcoNetwork(admin, 'network');
  const customers = readTelco('customers-test.csv');
  const features = Object.keys(customers[0]!).filter((name) => name !== 'customer_id');
  const numbers = new Set(['senior_citizen', 'tenure', 'monthly_charges', 'total_charges']);
  const columns = features.map((name) => `${name} ${numbers.has(name) ? 'float8' : 'text'}`).join(', ');
  await admin.query(`CREATE TABLE bench.customers (id serial PRIMARY KEY, ${columns})`);
  await admin.query(`SELECT pgscore.attach('network', 'bench.customers', 'score', mode => 'async')`);
  const list = features.join(', ');
  const insert = (count: number) =>
    admin.query(
      `INSERT INTO bench.customers (${list}) SELECT ${list}
         FROM json_populate_recordset(NULL::bench.customers, $1), generate_series(1, ${Math.ceil(count / customers.length)}) LIMIT ${count}`,
      [JSON.stringify(customers)],
    );
  const queued = await withSidecar(
    bench,
    () => insert(500),
    async () => {
      await insert(rows);
      return timed(() => drained(admin));
    },
  );
  const { bare, parts, assembling } = await runBare(bench, rows);
  const speed = (milliseconds: number) => (rows / milliseconds) * 1000;
  return {
    title: `8. The telco network over ${rows} rows`,
    notes: [
      `The bare loop runs onnxruntime, on as many threads as cores, over tensors that lie ready, in batches of ${BATCH}.`,
    ],
    rows: [
      {
        name: 'bare onnxruntime loop',
        values: { 'rows/s': speed(bare), 'µs/row': (bare * 1000) / rows, '× bare': 1 },
      },
      {
        name: `the same in batches of ${PART}`,
        values: { 'rows/s': speed(parts), 'µs/row': (parts * 1000) / rows, '× bare': bare / parts },
      },
      {
        name: 'a loop that makes the tensors, too',
        values: {
          'rows/s': speed(assembling),
          'µs/row': (assembling * 1000) / rows,
          '× bare': bare / assembling,
        },
      },
      {
        name: 'pgscore sidecar, end to end',
        values: { 'rows/s': speed(queued), 'µs/row': (queued * 1000) / rows, '× bare': bare / queued },
      },
    ],
  };
}

async function runBare(
  { admin }: Bench,
  rows: number,
): Promise<{ bare: number; parts: number; assembling: number }> {
  const { rows: versions } = await admin.query<{ graph: string }>(
    `SELECT graph::text FROM pgscore_internal.versions WHERE model = 'network'`,
  );
  const graph = graphFromJson(versions[0]!.graph);
  const { rows: found } = await admin.query<string[]>({
    text: `SELECT ${graph.features.map(({ name }) => `${name}::text`).join(', ')} FROM bench.customers ORDER BY id DESC LIMIT ${rows}`,
    rowMode: 'array',
  });
  const batchesOf = (size: number) =>
    Array.from({ length: Math.ceil(rows / size) }, (_, b) =>
      (found as RawRow[]).slice(b * size, (b + 1) * size),
    );
  const batches = batchesOf(BATCH);
  const ready = batches.map((batch) => assembleInputs(graph, batch));
  const inParts = batchesOf(PART).map((batch) => assembleInputs(graph, batch));
  const session = await openGraph('network', readFileSync(modelPath('telco/churn-deep.onnx')), graph);
  await session.run(ready[0]!);
  const bare = await timed(async () => {
    for (const feeds of ready) await session.run(feeds);
  });
  const parts = await timed(async () => {
    for (const feeds of inParts) await session.run(feeds);
  });
  const assembling = await timed(async () => {
    for (const batch of batches) await session.run(assembleInputs(graph, batch));
  });
  await session.close();
  return { bare, parts, assembling };
}
