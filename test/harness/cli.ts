import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exclusively } from './exclusive.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = join(root, 'dist/cli/main.js');

export interface CliOptions {
  /** Over the tests' own environment, from which DATABASE_URL and PG* are taken away. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard input; empty unless given. */
  readonly input?: string;
}

export interface CliResult {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `pgscore` as users run it, as its own process, from the build of the present sources. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  await ensureBuilt();
  return runProgram(process.execPath, [join(root, 'bin/pgscore.js'), ...args], options);
}

/** Any program, in the same environment: psql with what pgscore wrote, say. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...withoutDatabase(process.env), ...options.env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code,
        stdout: Buffer.concat(stdout).toString('utf8'),
        stderr: Buffer.concat(stderr).toString('utf8'),
      }),
    );
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

function withoutDatabase(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name !== 'DATABASE_URL' && (name.startsWith('PGSCORE_') || !name.startsWith('PG')),
  );
  return Object.fromEntries(kept);
}

/** Builds once for all workers, when a source is newer than the build. */
export async function ensureBuilt(): Promise<void> {
  if (isBuilt()) return;
  await exclusively(built, async () => {
    if (isBuilt()) return;
    const { stdout, stderr } = await runProgram('npm', ['run', '--silent', 'build']);
    // Types are checked by npm run typecheck; the compiler writes its output whatever it finds.
    if (!isBuilt()) throw new Error(`npm run build failed:\n${stdout}${stderr}`);
  });
}

function isBuilt(): boolean {
  const output = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return output > newest(join(root, 'src')) && output > newest(join(root, 'package.json'));
}

function newest(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.mtimeMs;
  const files = readdirSync(path, { recursive: true, withFileTypes: true });
  return Math.max(
    ...files
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
}
