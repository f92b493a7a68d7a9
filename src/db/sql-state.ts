import type pg from 'pg';

/** The five characters of an error of the server; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const { code, severity } = error as Partial<pg.DatabaseError>;
  return severity === undefined ? undefined : code;
}

/** A lock not had in time, a deadlock, a serialization failure: it may go well the next time. */
export function isContention(error: unknown): boolean {
  return ['55P03', '40P01', '40001'].includes(sqlState(error) ?? '');
}

/** The server ends the session, by SQLSTATE: its own end, an administrator's, a timeout's. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && (/^(08|57P)/.test(code) || code === '25P03');
}

/** A prepared statement that is not there, or is there already: the session is not the one in which it was prepared. */
export function isSessionLoss(error: unknown): boolean {
  return ['26000', '42P05'].includes(sqlState(error) ?? '');
}

/** Trouble of the session or the server, which no row is to blame for. */
export function isOperational(error: unknown): boolean {
  const code = sqlState(error);
  return code === undefined || /^(08|25|28|40|53|55|57|58)/.test(code) || code === '42501';
}
