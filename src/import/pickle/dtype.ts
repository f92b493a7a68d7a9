import type { PyValue } from './values.ts';

/** numpy's kinds: float, int, unsigned, boolean, unicode, bytes, object, void (records), datetime, timedelta. */
export type DtypeKind = 'f' | 'i' | 'u' | 'b' | 'U' | 'S' | 'O' | 'V' | 'M' | 'm' | 'c';

/** One column of a record dtype. */
export interface DtypeField {
  readonly dtype: Dtype;
  readonly offset: number;
}

/** A numpy dtype. numpy pickles its name first, byte order and fields after. */
export class Dtype {
  readonly kind: DtypeKind;
  /** Bytes an element. */
  size: number;
  littleEndian = true;
  fields: ReadonlyMap<string, DtypeField> | undefined;

  constructor(kind: DtypeKind, size: number) {
    this.kind = kind;
    this.size = size;
  }

  /** From numpy's short name ('f8', 'U10', '|V64'), or undefined when it is none that is read here. */
  static parse(text: string): Dtype | undefined {
    const match = /^([<>=|]?)([fiubUSOVMmc])(\d{0,9})(\[.*\])?$/.exec(text);
    if (match === null) return undefined;
    const [, order, kind, digits] = match;
    const count = digits === '' ? 0 : Number(digits);
    const size = kind === 'U' ? count * 4 : kind === 'O' ? 8 : count;
    if (!SIZES[kind as DtypeKind](size)) return undefined;
    const dtype = new Dtype(kind as DtypeKind, size);
    dtype.littleEndian = order !== '>';
    return dtype;
  }

  /**
   * What numpy's dtype.__setstate__ does: (version, byte order, subarray, names, fields, itemsize, alignment, flags,
   * …). Returns a problem in words, or undefined.
   */
  setState(state: PyValue): string | undefined {
    if (!Array.isArray(state) || state.length < 8) return 'the state of a dtype is no tuple of 8';
    const [, order, subarray, names, fields, itemsize] = state;
    if (subarray !== null) return 'a dtype holds arrays';
    if (typeof order !== 'string') return 'a dtype has no byte order';
    this.littleEndian = order !== '>';
    if (
      typeof itemsize === 'number' &&
      itemsize >= 0 &&
      Number.isInteger(itemsize) &&
      'USV'.includes(this.kind)
    ) {
      this.size = itemsize;
    }
    if (names === null) return undefined;
    return this.setFields(names, fields);
  }

  private setFields(names: PyValue | undefined, fields: PyValue | undefined): string | undefined {
    if (!Array.isArray(names) || !(fields instanceof Map)) return 'a record dtype has no fields';
    const found = new Map<string, DtypeField>();
    for (const name of names) {
      const field = fields.get(name);
      const [dtype, offset] = Array.isArray(field) ? field : [];
      const sound =
        typeof name === 'string' &&
        dtype instanceof Dtype &&
        Number.isInteger(offset) &&
        (offset as number) >= 0 &&
        (offset as number) + dtype.size <= this.size;
      if (!sound) return 'a field of a record dtype lies outside the record';
      found.set(name, { dtype, offset: offset as number });
    }
    this.fields = found;
    return undefined;
  }

  get hasObjects(): boolean {
    return this.kind === 'O';
  }
}

/** Which sizes in bytes a kind can have. */
const SIZES: Readonly<Record<DtypeKind, (size: number) => boolean>> = {
  f: (size) => size === 2 || size === 4 || size === 8,
  i: isWordSize,
  u: isWordSize,
  b: (size) => size === 1,
  U: () => true,
  S: () => true,
  O: () => true,
  V: () => true,
  M: (size) => size === 8,
  m: (size) => size === 8,
  c: (size) => size === 8 || size === 16,
};

function isWordSize(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8;
}
