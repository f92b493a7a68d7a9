import { type Client, type ClientConfig, type Connection, connectTo } from '../db/connect.ts';
import { detectEngine, type Engine } from '../db/engine.ts';
import { quoteIdent, quoteLiteral } from '../quote.ts';
import type { InputRow } from '../rows.ts';

/** The demo's table: the columns of the telco data, typed as an application would. */
export const CREATE_CUSTOMERS = `CREATE TABLE customers (
  customer_id text PRIMARY KEY,
  gender text, senior_citizen integer, partner text, dependents text,
  tenure integer,
  phone_service text, multiple_lines text, internet_service text, online_security text, online_backup text,
  device_protection text, tech_support text, streaming_tv text, streaming_movies text,
  contract text, paperless_billing text, payment_method text,
  monthly_charges double precision, total_charges double precision
)`;

/** A question that people ask of such a model: the feature as it is, against the feature as it could be. */
export const WHAT_IF = `SELECT customer_id, contract,
       round(churn_score::numeric, 3) AS today,
       round(pgscore.predict('churn', to_jsonb(c) || '{"contract": "Two year"}')::numeric, 3) AS two_years
FROM customers AS c
WHERE contract = 'Month-to-month'
ORDER BY churn_score DESC
LIMIT 5`;

/** INSERT of one customer as a person would write it, the label left out. */
export function insertStatement({ extra }: InputRow): string {
  const entries = Object.entries(extra).filter(([name]) => name !== 'churn');
  const values = entries.map(([, value]) => (value === null ? 'NULL' : literal(String(value))));
  return `INSERT INTO customers (${entries.map(([name]) => name).join(', ')})\nVALUES (${values.join(', ')})`;
}

function literal(text: string): string {
  return /^-?\d+(\.\d+)?$/.test(text) ? text : quoteLiteral(text);
}

/** Creates a database with a JavaScript language beside the one of the connection, and gives its address. */
export async function createDemoDatabase(
  connection: Connection,
  name: string,
  say: (text: string) => void,
): Promise<ClientConfig> {
  const admin = await connectTo(connection);
  try {
    const { host, port, user, password, ssl } = admin;
    const created = { host, port, database: name, ...defined({ user, password, ssl }) };
    const engine = await availableEngine(admin);
    say(`CREATE DATABASE ${name};\nCREATE EXTENSION ${engine};`);
    await admin.query(`CREATE DATABASE ${quoteIdent(name)}`);
    const client = await connectTo({ config: created, origin: connection.origin });
    await client.query(`CREATE EXTENSION IF NOT EXISTS ${engine}`);
    await client.end();
    return created;
  } finally {
    await admin.end();
  }
}

function defined(config: Record<string, unknown>): ClientConfig {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== null),
  );
}

async function availableEngine(admin: Client): Promise<Engine> {
  const { rows } = await admin.query<{ name: Engine }>(
    `SELECT name FROM pg_available_extensions WHERE name IN ('plv8', 'pljs') ORDER BY name DESC LIMIT 1`,
  );
  // detectEngine has the words for a server that offers neither.
  return rows[0]?.name ?? detectEngine(admin);
}
