import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { table } from '../cli/output.ts';
import { type Client, type ClientConfig, connectTo, resolveConnection } from '../db/connect.ts';
import { asDatabaseError } from '../db/with-client.ts';
import { applyDeploy, planDeploy } from '../deploy/deploy.ts';
import { readGoldenRows } from '../deploy/golden.ts';
import { migrate } from '../deploy/migrate.ts';
import { attachStatements } from '../deploy/statements.ts';
import { importModel } from '../import/registry.ts';
import { type InputRow, readRows } from '../rows.ts';
import { tellOfSidecar } from './deep.ts';
import { abridge, heading, printStatement, run, say } from './output.ts';
import { CREATE_CUSTOMERS, createDemoDatabase, insertStatement, WHAT_IF } from './statements.ts';

const TELCO = fileURLToPath(new URL('../../test/models/telco/', import.meta.url));
const MODEL = 'lightgbm-churn.txt';
const CUSTOMERS = `${TELCO}customers-test.csv`;
const EXPECTED = `${TELCO}lightgbm-churn.expected.csv`;

/**
 * From a model file to a scored column, on real data: a LightGBM model of telephone customers, its text categories
 * included; then a network beside it, in the sidecar. Makes a database of its own, prints every statement that it runs and
 * what came of it.
 */
export async function demo(): Promise<void> {
  const connection = await resolveConnection();
  const database = `pgscore_demo_${randomBytes(3).toString('hex')}`;
  const config = await createDemoDatabase(connection, database, say);
  const client = await connectTo({ config, origin: connection.origin });
  try {
    await tell(client, config);
  } catch (error) {
    throw asDatabaseError(error);
  } finally {
    await client.end();
  }
  say(`\nThe database ${database} stays on ${config.host}:${config.port}, to look around in.`);
}

async function tell(client: Client, config: ClientConfig): Promise<void> {
  heading('Install the pgscore schema (pgscore migrate)');
  const installed = await migrate(config);
  say(`installed ${installed.migrations.join(', ')}, functions and views`);

  heading('A table as applications have it');
  await run(client, CREATE_CUSTOMERS);

  heading(`Deploy the model (pgscore deploy ${MODEL} --name churn --golden …)`);
  await deploy(client);

  heading('Attach it: from now on every row that is written carries its score');
  await run(
    client,
    attachStatements({ model: 'churn', table: 'customers', valueColumn: 'churn_score' }).up.trim(),
  );

  heading('Insert customers, through plain SQL');
  const { rows, expected } = await readCustomers();
  for (const row of rows.slice(0, 3)) await run(client, insertStatement(row));
  const others = rows.slice(3);
  for (const row of others) await client.query(insertStatement(row));
  say(`(and ${others.length} more statements like these)`);

  heading("Each score is LightGBM's own");
  await compare(client, expected);

  heading('predict() in any query: who would stay, if offered a contract of two years?');
  await run(client, WHAT_IF);

  heading('Update a row, and its score follows');
  await run(
    client,
    `SELECT customer_id, contract, churn_score FROM customers WHERE customer_id = '7892-POOKP'`,
  );
  await run(client, `UPDATE customers SET contract = 'Two year' WHERE customer_id = '7892-POOKP'`);
  await run(
    client,
    `SELECT customer_id, contract, churn_score FROM customers WHERE customer_id = '7892-POOKP'`,
  );

  await tellOfSidecar(client, config, TELCO);
}

async function deploy(client: Client): Promise<void> {
  const file = { name: MODEL, bytes: await readFile(`${TELCO}${MODEL}`) };
  const imported = importModel(file, { labels: ['No', 'Yes'] });
  const golden = { rows: await readGoldenRows(imported.model, CUSTOMERS, EXPECTED), origin: 'from LightGBM' };
  const plan = await planDeploy(client, { name: 'churn', imported, file, golden });
  const { up, functionName } = plan.migration!;
  say(`${abridge(up)}\n`);
  await applyDeploy(client, plan);
  say(`${functionName}: ${plan.goldenRows} rows scored by LightGBM 4.7, reproduced within 1e-12`);
}

async function readCustomers(): Promise<{ rows: InputRow[]; expected: Map<string, number> }> {
  const rows: InputRow[] = [];
  for await (const row of readRows(CUSTOMERS, [])) rows.push(row);
  const expected = new Map<string, number>();
  for await (const { extra } of readRows(EXPECTED, [])) {
    expected.set(extra.customer_id as string, Number(extra.probability));
  }
  return { rows, expected };
}

async function compare(client: Client, expected: ReadonlyMap<string, number>): Promise<void> {
  const sql = 'SELECT customer_id, contract, churn_score FROM customers ORDER BY churn_score DESC';
  const { rows } = await client.query<{ customer_id: string; contract: string; churn_score: number }>(sql);
  const compared = rows.map((row) => ({ ...row, lightgbm: expected.get(row.customer_id)! }));
  const greatest = Math.max(...compared.map((row) => Math.abs(row.churn_score - row.lightgbm)));
  printStatement(`${sql} LIMIT 5`);
  say(`${table(compared.slice(0, 5))}\n`);
  say(`greatest difference among all ${rows.length} customers: ${greatest}`);
}
