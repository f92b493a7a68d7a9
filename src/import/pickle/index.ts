import { ByteReader } from './byte-reader.ts';
import { unpack } from './container.ts';
import { PickleMachine } from './machine.ts';
import type { PyValue } from './values.ts';

/**
 * The value that a file of pickle.dump or joblib.dump holds, protocols 0 to 5, as data: nothing is imported, nothing is
 * called, whatever the stream says. Files compressed with zlib or gzip are unpacked first.
 * @throws PgscoreError PGS_FILE when the stream is truncated or damaged; PGS_UNSUPPORTED when it names a class or
 * function that belongs to no model, builds too much, or is compressed otherwise.
 */
export function readPickle(name: string, bytes: Uint8Array): PyValue {
  const origin = { name };
  return new PickleMachine(new ByteReader(unpack(bytes, origin), origin), origin).run();
}

export { packingOf } from './container.ts';
export { Dtype } from './dtype.ts';
export { NdArray } from './ndarray.ts';
export { describeValue, PyGlobal, PyObject, type PyValue } from './values.ts';
