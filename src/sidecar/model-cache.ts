import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { PgscoreError } from '../errors.ts';

/** The bytes of a model file, in order and in pieces of any length. */
export type FileSource = (sha256: string) => AsyncIterable<Uint8Array>;

export interface ModelCacheOptions {
  readonly directory: string;
  /** Files that were not used for longest are removed above this many bytes. */
  readonly maxBytes?: number;
}

/** What some dozens of large models take. */
const DEFAULT_MAX_BYTES = 8 * 2 ** 30;

/**
 * Model files on this machine's disk, each under its SHA-256. Any number of processes may share a directory: a file
 * appears under its name when it is complete and its hash has been compared. Whoever loads it compares once more.
 */
export class ModelCache {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #fetching = new Map<string, Promise<string>>();

  constructor({ directory, maxBytes = DEFAULT_MAX_BYTES }: ModelCacheOptions) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
  }

  /** The path of the file, which is fetched when it is not there. Throws PGS_FILE when the source has other bytes. */
  async path(sha256: string, source: FileSource): Promise<string> {
    const path = this.#pathOf(sha256);
    const known = this.#fetching.get(sha256);
    if (known !== undefined) return known;
    const now = new Date();
    const there = await utimes(path, now, now).then(
      () => true,
      () => false,
    );
    if (there) return path;
    const started = this.#fetching.get(sha256) ?? this.#fetch(sha256, source);
    this.#fetching.set(sha256, started);
    try {
      return await started;
    } finally {
      this.#fetching.delete(sha256);
    }
  }

  /** Forgets a file that turned out to be damaged. */
  async drop(sha256: string): Promise<void> {
    await rm(this.#pathOf(sha256), { force: true });
  }

  #pathOf(sha256: string): string {
    return join(this.#directory, sha256);
  }

  async #fetch(sha256: string, source: FileSource): Promise<string> {
    await mkdir(this.#directory, { recursive: true });
    const aside = join(this.#directory, `.${sha256.slice(0, 16)}-${randomBytes(6).toString('hex')}`);
    try {
      const found = await writeHashed(aside, source(sha256));
      if (found !== sha256) {
        throw new PgscoreError(
          'PGS_FILE',
          `the database holds other bytes for the model file ${sha256}: their SHA-256 is ${found}`,
          {
            hint: 'Deploy the file again.',
          },
        );
      }
      await rename(aside, this.#pathOf(sha256));
    } finally {
      await rm(aside, { force: true });
    }
    await this.#prune(sha256);
    return this.#pathOf(sha256);
  }

  async #prune(keep: string): Promise<void> {
    const names = (await readdir(this.#directory)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const files = await Promise.all(
      names.map(async (name) => {
        // Another process may remove it at the same time.
        const stats = await stat(join(this.#directory, name)).catch(() => undefined);
        return { name, bytes: stats?.size ?? 0, used: stats?.mtimeMs ?? 0 };
      }),
    );
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { name, bytes } of files.filter(({ name }) => name !== keep).sort((a, b) => a.used - b.used)) {
      if (total <= this.#maxBytes) return;
      await this.drop(name);
      total -= bytes;
    }
  }
}

async function writeHashed(path: string, pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  try {
    for await (const piece of pieces) {
      hash.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}
