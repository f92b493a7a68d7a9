import { quoteLiteral } from '../quote.ts';

/** An SQL statement and the one that takes it back: what the commands run, and what --write writes. */
export interface Statements {
  readonly up: string;
  readonly down: string;
}

/** An SQL expression; `reads` says which other tables it reads, and which of their columns hold the row's key. */
export interface FeatureExpression {
  readonly sql: string;
  readonly reads?: Readonly<Record<string, string | readonly string[] | null>>;
}

export interface AttachOptions {
  readonly model: string;
  /** As SQL names it: customers, sales.customers, "Customers". */
  readonly table: string;
  /** Default `<model>_score`. */
  readonly valueColumn?: string;
  /** Feature → column name or {sql: expression}, for features without a column of their name. */
  readonly features?: Readonly<Record<string, string | FeatureExpression>>;
  readonly labelColumn?: string;
  readonly versionColumn?: string;
  readonly timeColumn?: string;
  readonly onError?: 'raise' | 'null';
  /** async: rows are queued for `pgscore sidecar`. Default sync. */
  readonly mode?: 'sync' | 'async';
  /** How late an async prediction may come, as an SQL interval: `30 s`. */
  readonly maxLag?: string;
}

export function attachStatements(options: AttachOptions): Statements {
  const { model, table, valueColumn = `${model}_score`, features } = options;
  const named = [
    ['label_column', options.labelColumn],
    ['version_column', options.versionColumn],
    ['time_column', options.timeColumn],
    ['on_error', options.onError],
    ['mode', options.mode],
    ['max_lag', options.maxLag],
    ['features', features === undefined ? undefined : JSON.stringify(features)],
  ] as const;
  const given = named.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} => ${quoteLiteral(value)}`],
  );
  return {
    up: call('attach', [...[model, table, valueColumn].map(quoteLiteral), ...given]),
    down: detachStatement({ model, table, valueColumn }),
  };
}

export function detachStatement(options: { model: string; table: string; valueColumn?: string }): string {
  const { model, table, valueColumn } = options;
  const names = valueColumn === undefined ? [model, table] : [model, table, valueColumn];
  return call('detach', names.map(quoteLiteral));
}

export function promoteStatements(options: { model: string; version: number; rebind?: boolean }): Statements {
  const { model, version, rebind } = options;
  const rebinding = rebind === true ? ['rebind => true'] : [];
  return {
    up: call('promote', [quoteLiteral(model), String(version), ...rebinding]),
    down: rollbackStatement({ model, rebind: rebind === true }),
  };
}

export function rollbackStatement({ model, rebind }: { model: string; rebind?: boolean }): string {
  return call('rollback', [quoteLiteral(model), ...(rebind === true ? ['rebind => true'] : [])]);
}

function call(name: string, args: readonly string[]): string {
  return `SELECT pgscore.${name}(${args.join(', ')});\n`;
}
