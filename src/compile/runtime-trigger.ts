/**
 * The variables of a trigger. A scorer names them freely (`TG_OP`): the bundler replaces each free name by the export
 * here, because a bundle that is kept for the session cannot see the parameters of one call.
 */
import { toFields } from './runtime.ts';

type Row = Record<string, unknown>;

export interface TriggerVariables {
  readonly NEW?: Row | null;
  readonly OLD?: Row | null;
  readonly TG_NAME: string;
  readonly TG_WHEN: string;
  readonly TG_LEVEL: string;
  readonly TG_OP: string;
  readonly TG_RELID: number;
  readonly TG_TABLE_NAME: string;
  readonly TG_TABLE_SCHEMA: string;
  readonly TG_ARGV: readonly string[];
}

export let NEW: Row | null;
export let OLD: Row | null;
export let TG_NAME: string;
export let TG_WHEN: string;
export let TG_LEVEL: string;
export let TG_OP: string;
export let TG_RELID: number;
export let TG_TABLE_NAME: string;
export let TG_TABLE_SCHEMA: string;
export let TG_ARGV: readonly string[];

/**
 * Calls a trigger function with its variables set. They are put back afterwards: a trigger's own statements may fire
 * other triggers. A row that is missing is null.
 */
export function runTrigger(variables: TriggerVariables, call: () => unknown): unknown {
  const outer = {
    NEW,
    OLD,
    TG_NAME,
    TG_WHEN,
    TG_LEVEL,
    TG_OP,
    TG_RELID,
    TG_TABLE_NAME,
    TG_TABLE_SCHEMA,
    TG_ARGV,
  };
  assign(variables);
  try {
    const row = call();
    // null skips the row, undefined leaves it as it is.
    return row === null || row === undefined ? row : toFields(row as Row);
  } finally {
    assign(outer);
  }
}

function assign(variables: TriggerVariables): void {
  NEW = variables.NEW ?? null;
  OLD = variables.OLD ?? null;
  ({ TG_NAME, TG_WHEN, TG_LEVEL, TG_OP, TG_RELID, TG_TABLE_NAME, TG_TABLE_SCHEMA, TG_ARGV } = variables);
}
