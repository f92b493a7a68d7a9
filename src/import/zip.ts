import { type UnzipFileInfo, unzipSync } from 'fflate';
import { PgscoreError } from '../errors.ts';

/** Bounds of an archive, checked on its directory before anything is unpacked. */
const MAX_ENTRIES = 100_000;
const MAX_BYTES = 1 << 30;

/** Local header of a first entry. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;
}

/** The names of an archive's entries; none where it is damaged. Unpacks nothing, never throws. */
export function zipNames(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  try {
    walk(bytes, ({ name }) => {
      names.push(name);
      return false;
    });
  } catch {
    // What cannot be listed is refused when it is read.
  }
  return names;
}

/**
 * The files of an archive by name. Names are keys only: nothing is written anywhere.
 * @throws PgscoreError PGS_FILE for a damaged archive, for names that lead out of it, and for more entries or bytes than
 * any model has.
 */
export function unzip(name: string, bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  let left = MAX_BYTES;
  try {
    const files = walk(bytes, (entry) => {
      left -= entry.originalSize;
      if (left < 0) throw damaged(name, `unpacks to more than ${MAX_BYTES} bytes`);
      if (leadsOut(entry.name)) {
        throw damaged(name, `has an entry ${JSON.stringify(entry.name)}, which leads out of the archive`);
      }
      return !entry.name.endsWith('/');
    });
    return new Map(Object.entries(files));
  } catch (error) {
    if (error instanceof PgscoreError) throw error;
    throw damaged(name, `cannot be unpacked: ${(error as Error).message}`, error);
  }
}

function walk(bytes: Uint8Array, filter: (entry: UnzipFileInfo) => boolean): Record<string, Uint8Array> {
  let entries = 0;
  return unzipSync(bytes, {
    filter: (entry) => {
      entries += 1;
      if (entries > MAX_ENTRIES) throw damaged('the archive', `has more than ${MAX_ENTRIES} entries`);
      return filter(entry);
    },
  });
}

function leadsOut(path: string): boolean {
  return path.startsWith('/') || path.includes('\\') || path.split('/').includes('..');
}

function damaged(name: string, problem: string, cause?: unknown): PgscoreError {
  return new PgscoreError('PGS_FILE', `${name}: ${problem}.`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Give the model directory itself, or a zip of its files.',
  });
}
