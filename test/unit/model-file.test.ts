import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../src/load-model.ts';
import { modelFileHash, modelFileSize, readModelFile } from '../../src/model-file.ts';
import { assembler, type Saved } from './import/spark/files.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgscore-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a model's files below a new directory, and gives its path. */
function write(name: string, files: Saved): string {
  const root = join(folder, name);
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
  return root;
}

const text = (content: string) => Buffer.from(content);

describe('readModelFile', () => {
  it('reads a file', async () => {
    const root = write('file', new Map([['model.txt', text('tree')]]));
    expect(await readModelFile(join(root, 'model.txt'))).toEqual({ name: 'model.txt', bytes: text('tree') });
  });

  it('reads a directory with what is below it, but names that begin with a dot', async () => {
    const files = new Map([
      ['a/b/part-0', text('1')],
      ['a/.part-0.crc', text('2')],
      ['c', text('3')],
    ]);
    const root = write('tree', files);
    const { name, bytes, entries } = await readModelFile(`${root}/`);
    expect([name, bytes.length]).toEqual(['tree', 0]);
    expect(new Map([...entries!].sort())).toEqual(
      new Map([
        ['a/b/part-0', text('1')],
        ['c', text('3')],
      ]),
    );
  });

  it('follows links to files inside, and refuses those that lead out', async () => {
    const root = write('links', new Map([['data/part-0', text('1')]]));
    symlinkSync('data/part-0', join(root, 'inside'));
    expect((await readModelFile(root)).entries!.get('inside')).toEqual(text('1'));
    symlinkSync('/etc/hostname', join(root, 'outside'));
    await expect(readModelFile(root)).rejects.toMatchObject({
      code: 'PGS_FILE',
      message: expect.stringContaining('outside is no file of this directory'),
    });
  });

  it.each([
    ['a folder outside', '/etc'],
    ['its own parent', '.'],
    ['a sibling whose name begins alike', '../escape-2/secret'],
    ['nothing', 'nowhere'],
  ])('refuses a link to %s', async (what, target) => {
    write('escape-2', new Map([['secret', text('1')]]));
    const root = write(`escape`, new Map([['data', text('1')]]));
    symlinkSync(target, join(root, what));
    await expect(readModelFile(root)).rejects.toMatchObject({ code: 'PGS_FILE' });
    rmSync(root, { recursive: true });
  });

  it('refuses more bytes than any model has, before it reads them', async () => {
    const root = write('great', new Map([['data', text('')]]));
    truncateSync(join(root, 'data'), 2 ** 30 + 1);
    await expect(readModelFile(root)).rejects.toThrow(/holds more than 1073741824 bytes/);
  });

  it('refuses folders that nest without end', async () => {
    const root = write('deep', new Map([[`${'a/'.repeat(60)}data`, text('1')]]));
    await expect(readModelFile(root)).rejects.toThrow(/folders more than 40 deep/);
  });

  it('says that there is no such file', async () => {
    await expect(readModelFile(join(folder, 'none'))).rejects.toThrow(/no such file/);
  });
});

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('a directory as one thing', () => {
  const file = {
    name: 'm',
    bytes: new Uint8Array(),
    entries: new Map([
      ['b/part', text('22')],
      ['a', text('1')],
    ]),
  };

  it('has the size of its files', () => {
    expect(modelFileSize(file)).toBe(3);
    expect(modelFileSize({ name: 'f', bytes: text('1234') })).toBe(4);
  });

  it('is known by the hash of the list that sha256sum prints, sorted by path', () => {
    expect(modelFileHash(file)).toBe(sha256(`${sha256('1')}  a\n${sha256('22')}  b/part\n`));
    expect(modelFileHash({ ...file, entries: new Map([...file.entries].reverse()) })).toBe(
      modelFileHash(file),
    );
    expect(modelFileHash({ name: 'f', bytes: text('1234') })).toBe(sha256('1234'));
  });
});

describe('loadModel', () => {
  const saved = assembler('a', 'b');

  it('takes a directory, its zip, and a zip of the directory with its name', async () => {
    const paths = [write('assembler', saved)];
    for (const prefix of ['', 'assembler/']) {
      const path = join(folder, `zip-${prefix.length}.zip`);
      writeFileSync(
        path,
        zipSync(Object.fromEntries([...saved].map(([name, bytes]) => [prefix + name, bytes]))),
      );
      paths.push(path);
    }
    for (const path of paths) {
      const model = await loadModel(path);
      expect(model.score({ a: 1, b: 2 }).raw).toEqual([1, 2]);
    }
  });

  it('names a directory of no known format', async () => {
    const root = write('unknown', new Map([['readme', text('1')]]));
    await expect(loadModel(root)).rejects.toThrow(
      /unknown: not a known model format; found a directory of 1 files/,
    );
  });
});
