import type { ByteReader } from './byte-reader.ts';
import { Dtype } from './dtype.ts';
import { elementCount, NdArray } from './ndarray.ts';
import { type PickleOrigin, type PyObject, type PyValue, unsupported } from './values.ts';

const WRAPPER = 'joblib.numpy_pickle.NumpyArrayWrapper';
const OLD_WRAPPERS = new Set(['joblib.numpy_pickle.NDArrayWrapper', 'joblib.numpy_pickle.ZNDArrayWrapper']);

/** Whether an object of joblib stands for an array that follows it in the stream. */
export function isArrayWrapper({ type }: PyObject): boolean {
  return type.path === WRAPPER || OLD_WRAPPERS.has(type.path);
}

/**
 * The array after its wrapper: since joblib 1.2 a byte that says how much padding follows, the padding, then the raw
 * elements; for objects a pickle stream of its own, which `inner` runs.
 * https://github.com/joblib/joblib/blob/1.5.0/joblib/numpy_pickle.py
 */
export function readWrappedArray(
  wrapper: PyObject,
  reader: ByteReader,
  origin: PickleOrigin,
  inner: () => PyValue,
): PyValue {
  if (OLD_WRAPPERS.has(wrapper.type.path)) {
    unsupported(
      origin,
      'the file was saved by joblib before 0.10, with its arrays in files beside it',
      'Load it where it was trained, and save it again with joblib.dump of a current joblib.',
    );
  }
  const shape = wrapper.attribute('shape');
  const dtype = wrapper.attribute('dtype');
  if (
    !Array.isArray(shape) ||
    !shape.every((length) => typeof length === 'number') ||
    !(dtype instanceof Dtype)
  ) {
    return reader.fail('an array has no shape and dtype');
  }
  if (dtype.hasObjects) {
    const array = inner();
    return array instanceof NdArray ? array : reader.fail('an array of objects is none');
  }
  const count = elementCount(shape as number[]);
  if (count === undefined) return reader.fail('an array has an impossible shape');
  if (typeof wrapper.attribute('numpy_array_alignment_bytes') === 'number') reader.take(reader.byte());
  const array = new NdArray(origin);
  array.fill(shape as number[], dtype, wrapper.attribute('order') === 'F', reader.take(count * dtype.size));
  return array;
}
