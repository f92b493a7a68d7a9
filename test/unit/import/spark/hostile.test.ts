import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import type { ModelFile } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { sparkDirectory } from '../../../../src/import/spark/index.ts';
import { parquetBudget, readParquet } from '../../../../src/import/spark/parquet.ts';
import {
  assembler,
  bytesOf,
  MATRIX,
  NODE,
  parquet,
  pipeline,
  type Saved,
  saved,
  VECTOR,
  vector,
} from './files.ts';

/** Imports, and rethrows whatever is not the one error that users may meet. */
function attempt(file: ModelFile): PgscoreError | undefined {
  try {
    importModel(file);
    return undefined;
  } catch (error) {
    if (error instanceof PgscoreError) return error;
    throw error;
  }
}

const directory = (entries: Saved): ModelFile => ({ name: 'model', bytes: new Uint8Array(), entries });
const archive = (bytes: Uint8Array): ModelFile => ({ name: 'model.zip', bytes });

/** The files with some of them replaced. */
function with_(entries: Saved, changed: Readonly<Record<string, Uint8Array>>): Saved {
  return new Map([...entries, ...Object.entries(changed)]);
}

const SCALER = saved('StandardScalerModel', {
  params: { inputCol: 'features', outputCol: 'out', withMean: true },
  data: { data: [{ mean: VECTOR, std: VECTOR }, [{ mean: vector(1, 2), std: vector(3, 4) }]] },
});
const DATA = 'data/part-00000-0a1b2c3d-c000.parquet';
const METADATA = 'metadata/part-00000';

function tree(
  ...rows: readonly (readonly [
    id: number,
    left: number,
    right: number,
    feature?: number,
    categories?: number,
  ])[]
) {
  const nodes = rows.map(([id, leftChild, rightChild, featureIndex = 0, numCategories = -1]) => ({
    id,
    prediction: id,
    impurityStats: [],
    leftChild,
    rightChild,
    split: { featureIndex, leftCategoriesOrThreshold: [0.5], numCategories },
  }));
  return saved('DecisionTreeRegressionModel', {
    package: 'org.apache.spark.ml.regression',
    extra: { numFeatures: 2 },
    data: { data: [NODE, nodes] },
  });
}

describe('damaged directories', () => {
  it.each<[string, Saved, RegExp]>([
    ['no data', new Map([...SCALER].filter(([name]) => !name.startsWith('data'))), /has no data/],
    ['metadata that is no JSON', with_(SCALER, { [METADATA]: bytesOf('{"class": ') }), /metadata is no JSON/],
    ['metadata that is a list', with_(SCALER, { [METADATA]: bytesOf('[]') }), /metadata is no JSON object/],
    ['metadata without a class', with_(SCALER, { [METADATA]: bytesOf('{}') }), /names no class/],
    ['empty metadata', with_(SCALER, { [METADATA]: new Uint8Array() }), /metadata is missing/],
    ['no parquet', with_(SCALER, { [DATA]: bytesOf('hello') }), /cannot be read as parquet/],
    [
      'another schema',
      with_(SCALER, { [DATA]: parquet({ mean: 'text' }, [{ mean: 'x' }]) }),
      /column std of the data is missing/,
    ],
    [
      'columns of other types',
      with_(SCALER, { [DATA]: parquet({ mean: 'text', std: 'int' }, [{ mean: 'x', std: 1 }]) }),
      /is not/,
    ],
    [
      'two rows',
      with_(SCALER, {
        [DATA]: parquet({ mean: 'int', std: 'int' }, [
          { mean: 1, std: 1 },
          { mean: 1, std: 1 },
        ]),
      }),
      /2 rows of data/,
    ],
    [
      'a stage that is not there',
      new Map([...pipeline([assembler('a')])].filter(([name]) => !name.startsWith('stages'))),
      /no folder of stage 0/,
    ],
  ])('with %s', (_, entries, reason) => {
    const error = attempt(directory(entries));
    expect(error?.message).toMatch(reason);
    expect(error?.code).toBe('PGS_FILE');
  });

  it.each<[string, ReturnType<typeof tree>, RegExp]>([
    ['a child beyond its nodes', tree([0, 1, 5], [1, -1, -1], [2, -1, -1]), /rightChild/],
    ['a child before its parent', tree([0, 0, 1], [1, -1, -1]), /leftChild/],
    ['an id twice', tree([0, 1, 2], [1, -1, -1], [1, -1, -1]), /node 1 twice/],
    ['an id out of range', tree([0, 1, 2], [1, -1, -1], [7, -1, -1]), /column id/],
    ['a feature beyond its vector', tree([0, 1, 2, 9], [1, -1, -1], [2, -1, -1]), /featureIndex/],
  ])('a tree with %s', (_, entries, reason) => {
    const error = attempt(directory(entries));
    expect(error?.message).toMatch(reason);
    expect(error?.code).toBe('PGS_FILE');
  });

  it.each<[string, ReturnType<typeof tree>]>([
    ['a cycle', tree([0, 1, 2], [1, 2, 1], [2, -1, -1])],
    ['a node of two parents', tree([0, 1, 1], [1, -1, -1], [2, -1, -1])],
    ['an endless number of categories', tree([0, 1, 2, 0, 2 ** 31 - 1], [1, -1, -1], [2, -1, -1])],
  ])('a tree with %s ends', (_, entries) => {
    const error = attempt(directory(entries));
    expect(['PGS_FILE', 'PGS_IR', undefined]).toContain(error?.code);
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['vector', { type: 0, size: 2 ** 31 - 1, indices: [0], values: [1] }],
    ['index', { type: 0, size: 2, indices: [5], values: [1] }],
  ])('a false %s', (_, mean) => {
    const data = parquet({ mean: VECTOR, std: VECTOR }, [{ mean, std: vector(1, 2) }]);
    expect(attempt(directory(with_(SCALER, { [DATA]: data })))?.code).toBe('PGS_FILE');
  });

  it('a matrix of a false size', () => {
    const pc = { type: 1, numRows: 2 ** 30, numCols: 2 ** 30, values: [1], isTransposed: false };
    const model = saved('PCAModel', {
      params: { inputCol: 'features', outputCol: 'out' },
      data: { data: [{ pc: MATRIX }, [{ pc }]] },
    });
    expect(attempt(directory(model))?.code).toBe('PGS_FILE');
  });

  it('pipelines in pipelines without end', () => {
    let nested: Saved = assembler('a');
    for (let level = 0; level < 60; level++) nested = pipeline([nested]);
    expect(attempt(directory(nested))?.message).toMatch(/nests more stages/);
  });
});

describe('parquet files of an enemy', () => {
  const bytes = parquet(
    { id: 'int', name: 'text' },
    Array.from({ length: 300 }, (_, id) => ({ id, name: `n${id % 3}` })),
  );

  it('ends in an error or in rows, whatever byte is changed', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = new Uint8Array(bytes);
        changed[at] = value;
        try {
          readParquet(changed, parquetBudget());
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('ends in an error at every length', () => {
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => readParquet(bytes.subarray(0, length), parquetBudget())).toThrow(Error);
    }
  });

  it('counts bytes and values before it unpacks them', () => {
    expect(() => readParquet(bytes, { bytes: 100, values: 1e6 })).toThrow(/more bytes than any model/);
    expect(() => readParquet(bytes, { bytes: 1e6, values: 200 })).toThrow(/more values than any model/);
  });

  // A page of optional values begins with their levels: of 300 values, run-length encoded as one run (300 << 1 = 600,
  // as a varint d8 04) of level 1. A run of 2^28 - 1 such levels is as long.
  it('refuses a run that is longer than its page', () => {
    const at = Buffer.from(bytes).indexOf(Buffer.from([0xd8, 0x04, 0x01]));
    expect(at).toBeGreaterThan(0);
    const changed = new Uint8Array(bytes);
    changed.set([0xfe, 0x7f], at);
    expect(() => readParquet(changed, parquetBudget())).toThrow(/repeats a value beyond its end/);
  });
});

/** A zip of stored or deflated entries, written field by field so that sizes can lie. */
function rawZip(
  entries: readonly {
    readonly name: string;
    readonly data: Uint8Array;
    readonly size: number;
    readonly packed: boolean;
  }[],
  count = entries.length,
): Uint8Array {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, size, packed } of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(packed ? 8 : 0, 8);
    local.writeUInt32LE(data.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(name.length, 26);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(packed ? 8 : 0, 10);
    header.writeUInt32LE(data.length, 20);
    header.writeUInt32LE(size, 24);
    header.writeUInt16LE(name.length, 28);
    header.writeUInt32LE(offset, 42);
    locals.push(local, Buffer.from(name), Buffer.from(data));
    central.push(header, Buffer.from(name));
    offset += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, 0xffff), 10);
  end.writeUInt16LE(Math.min(count, 0xffff), 8);
  end.writeUInt32LE(
    central.reduce((sum, part) => sum + part.length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...locals, ...central, end]));
}

describe('archives of an enemy', () => {
  const stored = (name: string, data: Uint8Array) => ({ name, data, size: data.length, packed: false });
  const model = [...SCALER].map(([name, data]) => stored(name, data));

  it('is read where it is sound', () => {
    expect(sparkDirectory.recognises(archive(rawZip(model)))).toBe(true);
    expect(attempt(archive(rawZip(model)))).toBeUndefined();
    expect(attempt(archive(zipSync(Object.fromEntries(SCALER))))).toBeUndefined();
  });

  it.each(['../escape', '/etc/passwd', 'a/../../b', '..\\escape'])('refuses an entry named %s', (name) => {
    const error = attempt(archive(rawZip([...model, stored(name, bytesOf('x'))])));
    expect(error?.code).toBe('PGS_FILE');
    expect(error?.message).toMatch(/leads out of the archive/);
  });

  it('refuses an entry that claims to unpack to more than any model, before it unpacks', () => {
    const bomb = {
      name: 'data/bomb',
      data: deflateRawSync(Buffer.alloc(1000)),
      size: 0xfffffff0,
      packed: true,
    };
    const before = process.memoryUsage().arrayBuffers;
    expect(attempt(archive(rawZip([...model, bomb])))?.message).toMatch(/unpacks to more than/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100e6);
  });

  it('takes no more than the size that an entry states', () => {
    const bomb = { name: DATA, data: deflateRawSync(Buffer.alloc(200e6)), size: 100, packed: true };
    const others = model.filter(({ name }) => name !== DATA);
    expect(attempt(archive(rawZip([...others, bomb])))?.code).toBe('PGS_FILE');
  });

  it('refuses a million entries in bounded time', () => {
    // Entries of the directory may lie on one another: here they all name the same local header.
    const central = Buffer.alloc(46 + 1);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(1, 28);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    const count = 1_000_000;
    const zip64 = Buffer.alloc(56 + 20);
    zip64.writeUInt32LE(0x06064b50, 0);
    zip64.writeUInt32LE(count, 32);
    zip64.writeUInt32LE(100, 48);
    zip64.writeUInt32LE(0x07064b50, 56);
    zip64.writeUInt32LE(100 + count * 47, 64);
    end.writeUInt16LE(0xffff, 8);
    end.writeUInt32LE(0xffffffff, 16);
    const first = Buffer.from(rawZip(model)).subarray(0, 100);
    const all = Buffer.concat([first, ...Array.from({ length: count }, () => central), zip64, end]);
    const started = performance.now();
    expect(attempt(archive(new Uint8Array(all)))?.code).toBe('PGS_FILE');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('ends in an error or a model, wherever it is cut or changed', () => {
    const bytes = zipSync(Object.fromEntries(SCALER));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, value, cut) => {
        const changed = cut ? bytes.slice(0, at) : new Uint8Array(bytes);
        if (!cut) changed[at] = value;
        attempt(archive(changed));
      }),
      { numRuns: 500 },
    );
  });
});
