import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { table } from '../cli/output.ts';
import type { Client, ClientConfig } from '../db/connect.ts';
import { backfill } from '../deploy/backfill.ts';
import { readGraphGoldenRows } from '../deploy/graph-golden.ts';
import { applyGraphDeploy, planGraphDeploy } from '../deploy/graph-version.ts';
import { importAny } from '../import/registry.ts';
import { type InputRow, readRows } from '../rows.ts';
import { createLogger } from '../sidecar/log.ts';
import { canRunGraphs } from '../sidecar/onnxruntime.ts';
import { Sidecar } from '../sidecar/sidecar.ts';
import { heading, printStatement, run, say } from './output.ts';
import { insertStatement } from './statements.ts';

const MODEL = 'churn-deep.onnx';
/** A customer who is not among the others. */
const NEW_ID = '0000-DEMO';
const LOOK = `SELECT customer_id, churn_score, deep_score FROM customers WHERE customer_id = '${NEW_ID}'`;

/**
 * The other way through the system: a network that does not belong in the database scores the same table from a sidecar,
 * which this process runs for the time of the demo. `telco` is the folder of the data.
 */
export async function tellOfSidecar(client: Client, config: ClientConfig, telco: string): Promise<void> {
  heading(`A deep network for the same table (pgscore deploy ${MODEL} --name churn_deep --inputs …)`);
  if (!(await canRunGraphs())) {
    say('This part needs the package onnxruntime-node beside pgscore: npm install onnxruntime-node@1.30');
    return;
  }
  await deploy(client, telco);

  heading('Attach it with mode => async: triggers queue the rows, a sidecar fills the column');
  await run(client, `SELECT pgscore.attach('churn_deep', 'customers', 'deep_score', mode => 'async')`);

  say('$ pgscore sidecar --workers 1 &\n');
  const sidecar = new Sidecar({ config, origin: 'the demo' }, { workers: 1 }, createLogger('silent'));
  try {
    heading('Insert a customer: the LightGBM score is there at once, the deep one a moment later');
    await insertAndWait(client, telco);

    heading('The customers from before, through the same queue (pgscore backfill churn_deep)');
    await backfillAndCompare(client, config, telco);
  } finally {
    sidecar.stop('the demo ends');
    await sidecar.done;
  }
}

async function deploy(client: Client, telco: string): Promise<void> {
  const file = { name: MODEL, bytes: await readFile(`${telco}${MODEL}`) };
  const name = 'churn-deep.inputs.json';
  const imported = importAny(file, { inputs: { name, text: await readFile(`${telco}${name}`, 'utf8') } });
  if (imported.kind !== 'graph') throw new Error('the demo expects a model for the sidecar');
  const rows = await readGraphGoldenRows(
    imported.graph,
    `${telco}customers-test.csv`,
    `${telco}churn-deep.expected.csv`,
  );
  const golden = { rows, origin: 'from onnxruntime' };
  const plan = await planGraphDeploy(client, { name: 'churn_deep', imported, file, golden });
  await applyGraphDeploy(client, plan);
  say(
    `churn_deep version ${plan.version}: ${Math.round(file.bytes.length / 1000)} kB in the database, ` +
      `${plan.goldenRows} golden rows reproduced by onnxruntime within 1e-5`,
  );
}

async function insertAndWait(client: Client, telco: string): Promise<void> {
  const first = await firstCustomer(telco);
  const row = { ...first, extra: { ...first.extra, customer_id: NEW_ID } };
  // Loaded by now or not, the model answers for the row below: the time is then that of a model in use.
  await client.query(insertStatement({ ...row, extra: { ...row.extra, customer_id: '0001-DEMO' } }));
  await scored(client, '0001-DEMO');
  await run(client, `${insertStatement(row)}\nRETURNING customer_id, churn_score, deep_score`);
  const start = performance.now();
  await scored(client, NEW_ID);
  const milliseconds = Math.ceil(performance.now() - start);
  await run(client, LOOK);
  say(`(${milliseconds} ms later)`);
}

async function scored(client: Client, id: string): Promise<void> {
  const text = 'SELECT FROM customers WHERE customer_id = $1 AND deep_score IS NOT NULL';
  while ((await client.query(text, [id])).rowCount === 0) await setTimeout(1);
}

async function firstCustomer(telco: string): Promise<InputRow> {
  for await (const row of readRows(`${telco}customers-test.csv`, [])) return row;
  throw new Error('the demo has no customers');
}

async function backfillAndCompare(client: Client, config: ClientConfig, telco: string): Promise<void> {
  await backfill({ config, origin: 'the demo' }, { model: 'churn_deep', onlyMissing: true });
  const expected = new Map<string, number>();
  for await (const { extra } of readRows(`${telco}churn-deep.expected.csv`, [])) {
    expected.set(extra.customer_id as string, Number(extra.probability));
  }
  // Without the one whose contract was changed above, and those that are only here.
  const sql = `SELECT customer_id, contract, churn_score, deep_score FROM customers
WHERE customer_id <> '7892-POOKP' AND customer_id NOT LIKE '%DEMO' ORDER BY deep_score DESC`;
  const { rows } = await client.query<{ customer_id: string; deep_score: number }>(sql);
  const compared = rows.map((row) => ({ ...row, onnxruntime: expected.get(row.customer_id)! }));
  const greatest = Math.max(...compared.map((row) => Math.abs(row.deep_score - row.onnxruntime)));
  printStatement(`${sql} LIMIT 5`);
  say(`${table(compared.slice(0, 5))}\n`);
  say(`greatest difference among these ${rows.length} customers: ${greatest.toPrecision(2)}`);
}
