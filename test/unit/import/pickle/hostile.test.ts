import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import { type NdArray, PyObject, type PyValue, readPickle } from '../../../../src/import/pickle/index.ts';
import { pickleFile, stream, uint32, uint64 } from './files.ts';

const read = (bytes: Uint8Array): PyValue => readPickle('hostile.pkl', bytes);

function refusal(bytes: Uint8Array): PgscoreError {
  const started = performance.now();
  try {
    read(bytes);
  } catch (error) {
    expect(performance.now() - started).toBeLessThan(5000);
    if (error instanceof PgscoreError) return error;
    throw error;
  }
  throw new Error('The stream was read.');
}

describe('names that are no part of a model', () => {
  const call = (module: string, name: string) =>
    stream(0x80, 4, `c${module}\n${name}\n`, 'X', uint32(2), 'id', 0x85, 'R.');

  it.each([
    ['os', 'system'],
    ['posix', 'system'],
    ['nt', 'system'],
    ['subprocess', 'Popen'],
    ['subprocess', 'check_output'],
    ['builtins', 'eval'],
    ['builtins', 'exec'],
    ['builtins', 'getattr'],
    ['builtins', '__import__'],
    ['builtins', 'open'],
    ['__builtin__', 'eval'],
    ['importlib', 'import_module'],
    ['numpy.testing._private.utils', 'runstring'],
    ['numpy', 'load'],
    ['numpy.f2py', 'compile'],
    ['numpy', 'os.system'],
    ['sklearn', 'os.system'],
    ['sklearn.utils', 'x y'],
    ['sklearnx', 'Model'],
    ['joblib', 'load'],
    ['torch', 'load'],
    ['__main__', 'clean'],
  ])('%s.%s is refused by name', (module, name) => {
    const error = refusal(call(module, name));
    expect(error.code).toBe('PGS_UNSUPPORTED');
    expect(error.message).toContain(`"${module}.${name}"`);
    expect(error.hint).toContain('ONNX');
  });

  it('an attribute, but for a method of a distribution of scipy, which stays a name', () => {
    const attributeOf = (type: string) =>
      stream(0x80, 4, `cbuiltins\ngetattr\nc${type}\n)`, 0x81, 'X', uint32(8), '_entropy', 0x86, 'R.');
    const found = read(attributeOf('scipy.stats._discrete_distns\nrandint_gen'));
    expect(found).toMatchObject({ type: { name: 'getattr' } });
    expect(refusal(attributeOf('sklearn.svm._classes\nSVC')).message).toContain('"builtins.getattr"');
    expect(refusal(attributeOf('scipy.io\nreader')).message).toContain('"builtins.getattr"');
  });

  it('by every opcode that names', () => {
    const texts = stream(0x8c, 2, 'os', 0x8c, 6, 'system');
    expect(refusal(stream(0x80, 4, texts, 0x93, '.')).message).toContain('os.system');
    expect(refusal(stream('(ios\nsystem\n.')).message).toContain('os.system');
    expect(refusal(stream('(cos\nsystem\nX', uint32(2), 'ido.')).message).toContain('os.system');
  });

  it('also as a numpy function', () => {
    const args = stream('(X', uint32(2), 'os', 'X', uint32(6), 'systemt');
    expect(refusal(stream(0x80, 4, 'cnumpy.core\n_ufunc_reconstruct\n', args, 'R.')).message).toContain(
      'os.system',
    );
  });

  it('a class of scikit-learn is a name with data, whatever is said of it', () => {
    const made = read(
      stream(0x80, 4, 'csklearn.svm._classes\nSVC\n)', 0x81, '}X', uint32(1), 'CK', 7, 'sb.'),
    ) as PyObject;
    expect(made).toBeInstanceOf(PyObject);
    expect(made.attribute('C')).toBe(7);
    expect(made.attribute('constructor')).toBeUndefined();
  });

  it('objects outside the file', () => {
    for (const bytes of [
      stream('Pid\n.'),
      stream('NQ.'),
      stream(0x80, 4, 0x82, 1, '.'),
      stream(0x80, 5, 0x97, '.'),
    ]) {
      expect(refusal(bytes).message).toContain('outside the file');
    }
  });
});

describe('streams that ask for more than they hold', () => {
  const array = (shape: Uint8Array, data: Uint8Array) =>
    stream(
      ...[0x80, 4, 'cnumpy.core.multiarray\n_reconstruct\n(tR('],
      ...[shape, 'cnumpy\ndtype\nX', uint32(2), 'f8', 0x85, 'R', 0x89, data, 'tb.'],
    );

  it.each([
    ['text', stream('X', uint32(0xffffffff), 'abc.')],
    ['text of 8 bytes', stream(0x8d, uint64(2n ** 63n), 'abc.')],
    ['bytes', stream('B', uint32(0x7fffffff), '.')],
    ['bytearray', stream(0x96, uint64(2n ** 40n), '.')],
    ['frame', stream(0x80, 4, 0x95, uint64(2n ** 60n), '.')],
    ['integer', stream(0x8b, uint32(0xffffffff), '.')],
    ['integer that is there', stream(0x8b, uint32(5_000_000), Buffer.alloc(5_000_000, 7), '.')],
    ['decimal', stream(`L${'9'.repeat(5_000_000)}L\n.`)],
    ['array', array(stream('J', uint32(0x7fffffff), 0x85), stream('C', 0))],
    [
      'array of many axes',
      array(stream('(', 'J', uint32(0x7fffffff), 'J', uint32(0x7fffffff), 't'), stream('C', 0)),
    ],
    ['array of a negative length', array(stream('J', uint32(0xffffffff), 0x85), stream('C', 0))],
    ['memo', stream('h', 7, '.')],
    ['mark', stream('t.')],
    ['value', stream('0.')],
    ['item', stream('(]K', 1, 'K', 2, 'u.')],
    ['opcode', stream(0xff, '.')],
    ['protocol', stream(0x80, 9, 'N.')],
    ['nothing', stream()],
  ])('%s', (_, bytes) => {
    expect(refusal(bytes)).toMatchObject({
      code: 'PGS_FILE',
      message: expect.stringContaining('hostile.pkl'),
    });
  });

  it('an array of elements without bytes', () => {
    const dtype = stream('cnumpy\ndtype\nX', uint32(2), 'U0', 0x85, 'R');
    const bytes = stream(
      'cnumpy.core.multiarray\n_reconstruct\n(tR(J',
      uint32(0x7fffffff),
      0x85,
      dtype,
      0x89,
      'C',
      0,
      'tb.',
    );
    expect(refusal(bytes).code).toBe('PGS_FILE');
  });
});

describe('bombs', () => {
  it('lists of themselves twice are as small as the stream', () => {
    const levels = Array.from({ length: 100 }, (_, i) => stream(0x94, 'h', i, 0x86));
    const value = read(stream(0x80, 4, ']', ...levels, '.')) as PyValue[];
    expect(value[0]).toBe(value[1]);
  });

  it('a list that holds itself', () => {
    const value = read(stream(0x80, 4, ']', 0x94, 'h', 0, 'a.')) as PyValue[];
    expect(value[0]).toBe(value);
  });

  it('nesting of any depth', () => {
    expect(Array.isArray(read(stream(']'.repeat(100_000), 'a'.repeat(99_999), '.')))).toBe(true);
  });

  it.each([
    ['copies of a list', 'cbuiltins\nlist\nh\x00\x85R0'],
    ['copies as sets', 'cbuiltins\nfrozenset\nh\x00\x85R0'],
  ])('%s', (_, copy) => {
    const list = stream(0x80, 4, ']', 0x94, '(', 'N'.repeat(100_000), 'e');
    expect(refusal(stream(list, copy.repeat(10_000), '.')).message).toContain('more objects');
  });

  it.each([
    ['dicts', '}0'],
    ['sets', '\x8f0'],
    ['entries of the memo', 'N\x940'],
    ['entries far into the memo', 'Nr\xff\xff\xff\xff0'],
    ['lists', ']0'],
  ])('%s without end', (_, pair) => {
    const before = process.memoryUsage().rss;
    expect(refusal(stream(0x80, 4, pair.repeat(12_000_000), '.')).message).toContain('more objects');
    expect(process.memoryUsage().rss - before).toBeLessThan(1500e6);
  });

  it('a stack without end', () => {
    expect(refusal(stream('N'.repeat(3_000_000), '.')).message).toContain('more values wait');
  });

  it('a file that unpacks to gigabytes', () => {
    const bytes = deflateSync(Buffer.alloc(300 * 2 ** 20));
    expect(refusal(bytes).message).toContain('unpacks to more than 256 MB');
  });
});

describe('damaged files', () => {
  const seeds = ['plain-0.pkl', 'plain-4.pkl', 'arrays-2.pkl', 'arrays-5.pkl', 'arrays.joblib'];

  it.each([...seeds, 'arrays-zlib.joblib'])('%s cut off at every byte', (name) => {
    const bytes = pickleFile(name);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length)).code).toBe('PGS_FILE');
    }
  });

  it.each(seeds)('%s with bytes changed gives data or an error of ours', (name) => {
    const seed = pickleFile(name);
    const change = fc.tuple(fc.nat(seed.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const bytes = Buffer.from(seed);
        for (const [at, byte] of changes) bytes[at] = byte;
        try {
          const root = read(bytes);
          if (root instanceof Map) for (const value of root.values()) (value as Partial<NdArray>)?.values?.();
        } catch (error) {
          if (!(error instanceof PgscoreError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
