import { table } from '../cli/output.ts';
import type { Client } from '../db/connect.ts';

export function heading(text: string): void {
  say(`\n── ${text} ${'─'.repeat(Math.max(3, 106 - text.length))}\n`);
}

export function say(text: string): void {
  console.log(text);
}

export function printStatement(sql: string): void {
  say(`${sql.endsWith(';') ? sql : `${sql};`}\n`);
}

/** Runs a statement, prints it and what came of it. */
export async function run(client: Client, sql: string): Promise<void> {
  printStatement(sql);
  const { rows, command, rowCount } = await client.query<Record<string, unknown>>(sql);
  const columns = Object.keys(rows[0] ?? {});
  if (columns.length > 1) say(`${table(rows)}\n`);
  else say(`${commandTag(sql, command, rowCount)}\n`);
}

/** As psql prints it. */
function commandTag(sql: string, command: string, rowCount: number | null): string {
  if (command === 'CREATE') return sql.split(' ', 2).join(' ');
  return command === 'INSERT' ? `INSERT 0 ${rowCount}` : `${command} ${rowCount ?? ''}`.trim();
}

/** A migration as a reader skims it: its comments, and each statement's first line. */
export function abridge(sql: string): string {
  const lines = sql.split('\n').filter((line) => /^(--|BEGIN|CREATE|DO|COMMIT|REVOKE)/.test(line));
  const width = 110;
  return lines.map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line)).join('\n');
}
