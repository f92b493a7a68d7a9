/**
 * The one error class that users meet. `message` says what and where, `hint` the remedy; `code` is stable, for
 * programs. Anything else that escapes is a defect of pgscore.
 */
export class PgscoreError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PgscoreError';
    this.code = code;
    this.hint = options.hint;
  }
}

export type ErrorCode =
  /** A model file cannot be read: truncated, corrupt, or of no known format. */
  | 'PGS_FILE'
  /** The file is sound, but holds something that pgscore does not score exactly. */
  | 'PGS_UNSUPPORTED'
  /** An imported model breaks a rule of the IR: a defect of an importer, or a hostile file. */
  | 'PGS_IR'
  /** A row does not fit the signature. */
  | 'PGS_INPUT'
  /** A TypeScript scorer cannot be compiled. */
  | 'PGS_COMPILE'
  /** Wrong command-line arguments. */
  | 'PGS_USAGE'
  /** The database cannot be reached, or cannot do what is asked. */
  | 'PGS_DATABASE'
  /** The local server cannot be provided here. */
  | 'PGS_LOCAL_SERVER'
  /** A queue does not keep its service level: what `pgscore status --check` found. */
  | 'PGS_QUEUE'
  /** A deploy that would change nothing for the good: a golden row differs, a name is taken, a signature breaks a binding. */
  | 'PGS_DEPLOY';
