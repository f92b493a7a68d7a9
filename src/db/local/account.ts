import { type ExecFileException, execFile, spawnSync } from 'node:child_process';

/** The operating-system user that the server's programs run as. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True when pgscore runs as root and the server, which refuses root, as this user. */
  readonly switched: boolean;
}

/**
 * The current user, or for root `postgres`, which Debian's packages make for this very purpose, else `nobody`,
 * which every system has. No user is created: that would change the machine beyond pgscore's own files.
 */
export function serverAccount(): Account | undefined {
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) return { name: String(uid), uid, gid: process.getgid?.() ?? -1, switched: false };
  for (const name of ['postgres', 'nobody']) {
    const user = numericId(['-u', name]);
    const group = numericId(['-g', name]);
    if (user !== undefined && group !== undefined && user !== 0) {
      return { name, uid: user, gid: group, switched: true };
    }
  }
  return undefined;
}

function numericId(args: readonly string[]): number | undefined {
  const result = spawnSync('id', args, { encoding: 'utf8' });
  const id = Number.parseInt(result.stdout ?? '', 10);
  return result.status === 0 && Number.isInteger(id) ? id : undefined;
}

/** Whether the account can pass through a directory and all those above it. */
export function canEnter(account: Account, directory: string): boolean {
  if (!account.switched) return true;
  const result = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', directory], {
    cwd: '/',
    uid: account.uid,
    gid: account.gid,
  });
  return result.status === 0;
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly account?: Account;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/**
 * Runs a program to its end. Never throws: a program that cannot be started has code 127, one that is cut off at
 * its time limit (2 minutes unless given) has 124, each with the reason in stderr.
 */
export function run(program: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  const { cwd, account, env, timeoutMs = 120_000 } = options;
  const identity = account?.switched ? { uid: account.uid, gid: account.gid } : {};
  return new Promise((resolve) => {
    execFile(
      program,
      [...args],
      {
        cwd,
        ...identity,
        env: { ...cleanEnvironment(), ...env },
        timeout: timeoutMs,
        maxBuffer: 64 << 20,
      },
      (error, stdout, stderr) => resolve({ code: exitCode(error), stdout, stderr: describe(error, stderr) }),
    );
  });
}

/** PG* variables of the caller are about another server; messages are parsed, so they stay in one language. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && name !== 'LANGUAGE');
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

function exitCode(error: ExecFileException | null): number {
  if (error === null) return 0;
  if (error.killed) return 124;
  return typeof error.code === 'number' ? error.code : 127;
}

function describe(error: ExecFileException | null, stderr: string): string {
  if (error === null || typeof error.code === 'number') return stderr;
  return `${stderr}${error.message}`;
}
