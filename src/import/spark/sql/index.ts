import type { Frame } from '../frame.ts';
import type { Lowering } from '../lowering.ts';
import type { Stage } from '../stage.ts';
import { SqlLowering } from './lower.ts';
import { parseStatement, type Statement } from './parse.ts';

/**
 * Columns by expressions over the table as it is. Rows that WHERE drops have no prediction. A part that is not read is
 * refused when its column is needed.
 */
export function sqlTransformer(stage: Stage, frame: Frame, lowering: Lowering): void {
  const before = frame.fork();
  const sql = new SqlLowering(stage, before, lowering);
  const { items, where } = parse(stage, sql);
  for (const { expression, name } of items) {
    if (expression !== undefined && name !== undefined) frame.set(name, () => sql.column(expression));
  }
  if (where === undefined) return;
  const b = lowering.builder;
  lowering.refuseWhere(b.compare([sql.number(where)], '!=', [1]));
}

function parse(stage: Stage, sql: SqlLowering): Statement {
  try {
    return parseStatement(stage.text('statement'));
  } catch (error) {
    if (error instanceof Error && error.name === 'Error') return sql.refuse(error.message);
    throw error;
  }
}
