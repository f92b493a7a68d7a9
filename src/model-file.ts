import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve, sep } from 'node:path';
import { PgscoreError } from './errors.ts';
import type { ModelFile } from './import/importer.ts';

/** Bounds of a model directory: a Spark pipeline of a hundred stages has some thousand files. */
const MAX_FILES = 50_000;
const MAX_BYTES = 1 << 30;
const MAX_DEPTH = 40;

/**
 * A model from disk, named after its last path segment: a file, or a directory with all files below it. Names that
 * start with a dot (checksums, marks of tools) are left out. A link inside a directory is followed to a file of the
 * same directory only. Throws PGS_FILE.
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  try {
    const name = basename(resolve(path));
    if (!(await stat(path)).isDirectory()) return { name, bytes: await readFile(path) };
    return { name, bytes: new Uint8Array(), entries: await readDirectory(path) };
  } catch (error) {
    if (error instanceof PgscoreError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'no such file' : (error as Error).message;
    throw new PgscoreError('PGS_FILE', `${path}: ${reason}`, { cause: error });
  }
}

async function readDirectory(path: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = new Map<string, Uint8Array>();
  const root = await realpath(path);
  let left = MAX_BYTES;
  for (const name of await listFiles(root)) {
    const file = await fileInside(join(root, name), root, path);
    const { size } = await stat(file);
    left -= size;
    if (left < 0) throw tooLarge(path, `more than ${MAX_BYTES} bytes`);
    entries.set(name, await readFile(file));
  }
  return entries;
}

/** The relative paths of all files below a directory, with forward slashes. */
async function listFiles(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    if (depth > MAX_DEPTH) throw tooLarge(root, `folders more than ${MAX_DEPTH} deep`);
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(name, depth + 1);
      else files.push(name);
      if (files.length > MAX_FILES) throw tooLarge(root, `more than ${MAX_FILES} files`);
    }
  };
  await walk('', 0);
  return files;
}

/** The path to read for an entry. @throws PgscoreError PGS_FILE for a link that leads out, and for what is no file. */
async function fileInside(entry: string, root: string, path: string): Promise<string> {
  const info = await lstat(entry);
  if (info.isFile()) return entry;
  const target = info.isSymbolicLink() ? await realpath(entry) : entry;
  if (target.startsWith(root + sep) && (await stat(target)).isFile()) return target;
  throw new PgscoreError(
    'PGS_FILE',
    `${path}: ${entry.slice(root.length + 1)} is no file of this directory`,
    {
      hint: 'A link must lead to a file inside the model directory. Copy the model with its files (cp -L).',
    },
  );
}

function tooLarge(path: string, what: string): PgscoreError {
  return new PgscoreError('PGS_FILE', `${path}: the directory holds ${what}; no model does`, {
    hint: "Give the model's own directory.",
  });
}

/** The size in bytes: of the file, or of all files of a directory together. */
export function modelFileSize({ bytes, entries }: ModelFile): number {
  return [...(entries?.values() ?? [])].reduce((sum, entry) => sum + entry.length, bytes.length);
}

/**
 * SHA-256 in hexadecimal: of the file's bytes; for a directory of one line an entry, `<SHA-256 of its bytes>  <relative
 * path>\n` as sha256sum writes it, sorted by the path's UTF-8 bytes. Copying a directory keeps it.
 */
export function modelFileHash({ bytes, entries }: ModelFile): string {
  if (entries === undefined) return sha256(bytes);
  const names = [...entries.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sha256(Buffer.from(names.map((name) => `${sha256(entries.get(name)!)}  ${name}\n`).join('')));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
