/**
 * What stands of pandas in models: types of columns by name (make_column_selector), and lists of column names, for
 * ColumnTransformer is often given df.columns, and before scikit-learn 1.0 kept it itself. What pandas and pyarrow write
 * for lists, found by looking at pickles of pandas 1.5, 2.2 and 3.0:
 * - _new_Index(class, {data: array, name}), and for a RangeIndex {start, stop, step, name}.
 * - Since pandas 3 texts are a StringArray with the state (dtype, array, attributes), or where pyarrow is installed an
 *   ArrowStringArray with {_pa_array: _restore_array((type, length, nulls, offset, [validity, offsets, bytes], …))}.
 */

import { UNITS } from './budget.ts';
import type { Construction } from './construct.ts';
import { NdArray } from './ndarray.ts';
import { corrupt, describeValue, PyObject, type PyValue, unsupported } from './values.ts';

const NAMES = [
  ...['core\\.indexes\\.base\\._new_Index', 'core\\.indexes\\.\\w+\\.\\w*Index', '\\w*Index'],
  ...['(core\\.(arrays|dtypes)\\.\\w+\\.)?\\w+Dtype', '(core\\.arrays\\.string_|arrays)\\.StringArray\\w*'],
  ...[
    '(core\\.arrays\\.string_arrow|arrays)\\.ArrowStringArray\\w*',
    '_libs\\.arrays\\.__pyx_unpickle_NDArrayBacked',
  ],
];
const PANDAS_NAME = new RegExp(
  `^(pandas\\.(${NAMES.join('|')})|pyarrow\\.lib\\.(_restore_array|type_for_alias|py_buffer))$`,
);

/** Whether pandas or pyarrow names it in the pickle of an Index or of the type of a column. */
export function isPandasName(path: string): boolean {
  return PANDAS_NAME.test(path);
}

/** The labels of an Index: an array or a list. @throws PgscoreError PGS_UNSUPPORTED for dates, levels and their like. */
export function indexLabels([, parts]: readonly PyValue[], context: Construction): PyValue {
  const { origin } = context;
  if (!(parts instanceof Map)) return corrupt(origin, 'an Index of pandas has no labels');
  const data = parts.get('data');
  if (data instanceof NdArray) return data;
  const labels =
    data instanceof PyObject ? (storedTexts(data) ?? arrowTexts(data, context)) : range(parts, context);
  return (
    labels ??
    unsupported(
      origin,
      'the pickle holds an Index of pandas that is no plain list of labels',
      'Give the names of columns as a list: list(df.columns).',
    )
  );
}

function range(parts: Map<PyValue, PyValue>, { budget }: Construction): PyValue | undefined {
  const [start, stop, step] = ['start', 'stop', 'step'].map((name) => parts.get(name));
  if (typeof start !== 'number' || typeof stop !== 'number' || typeof step !== 'number') return undefined;
  const length = Math.max(0, Math.ceil((stop - start) / step));
  budget.take(length * UNITS.element);
  return Array.from({ length }, (_, i) => start + i * step);
}

function storedTexts({ state }: PyObject): NdArray | undefined {
  const array = Array.isArray(state) ? state[1] : undefined;
  return array instanceof NdArray ? array : undefined;
}

/** https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-layout */
function arrowTexts(data: PyObject, { origin, budget }: Construction): string[] | undefined {
  const array = data.attribute('_pa_array');
  const [parts] = array instanceof PyObject ? array.args : [];
  if (!Array.isArray(parts)) return undefined;
  const [type, length, nulls, first, buffers] = parts;
  const width = type instanceof PyObject ? OFFSET_WIDTHS.get(type.args[0] ?? null) : undefined;
  if (width === undefined || nulls !== 0 || !Array.isArray(buffers)) return undefined;
  const [, offsets, bytes] = buffers;
  if (!(offsets instanceof Uint8Array) || !(bytes instanceof Uint8Array)) return undefined;
  const [count, from] = [Number(length), Number(first)];
  if (!(count >= 0 && from >= 0 && (from + count + 1) * width <= offsets.length)) {
    return corrupt(
      origin,
      `an array of ${describeValue(length)} texts comes with ${describeValue(offsets)} of offsets`,
    );
  }
  budget.take(count * UNITS.element);
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const offset = (i: number) =>
    width === 8 ? Number(view.getBigInt64((from + i) * 8, true)) : view.getInt32((from + i) * 4, true);
  return Array.from({ length: count }, (_, i) => {
    const [start, end] = [offset(i), offset(i + 1)];
    // Without this, texts of a few bytes could overlap into gigabytes.
    if (!(start >= 0 && start <= end && end <= bytes.length))
      corrupt(origin, 'an array of texts overlaps itself');
    return Buffer.from(bytes.subarray(start, end)).toString();
  });
}

/** Bytes of an offset by the type's name. */
const OFFSET_WIDTHS: ReadonlyMap<PyValue, number> = new Map([
  ['string', 4],
  ['large_string', 8],
]);

/** A buffer of pyarrow is its bytes. */
export function bufferBytes([bytes]: readonly PyValue[], { origin }: Construction): PyValue {
  return bytes instanceof Uint8Array ? bytes : corrupt(origin, 'a buffer of pyarrow has no bytes');
}
