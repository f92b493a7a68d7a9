import { type PickleOrigin, unsupported } from './values.ts';

/**
 * What a stream may build, in units: a dict or set counts 8, any other object 2, an element that is copied or an entry
 * of the memo 1. A unit takes about 25 bytes of memory, so 10 million stay below 300 MB. A forest of 10,000 trees
 * takes about 2 million, a vocabulary of a million words 8 million.
 */
const MAX_UNITS = 10_000_000;

/** Pickles append in batches of 1000; only tuples can stand longer on the stack. */
export const MAX_STACK = 2_000_000;

export const UNITS = { table: 8, object: 2, element: 1 } as const;

/** Bounds what is built from a stream, however cheaply the stream asks for it. */
export class Budget {
  private left = MAX_UNITS;
  private readonly origin: PickleOrigin;

  constructor(origin: PickleOrigin) {
    this.origin = origin;
  }

  /** @throws PgscoreError PGS_UNSUPPORTED when the units are used up. */
  take(units: number): void {
    this.left -= units;
    if (this.left >= 0) return;
    unsupported(
      this.origin,
      'the pickle builds more objects than any model that belongs in a database',
      'Save the fitted model alone, without training data, or run it in the sidecar after an ONNX export.',
    );
  }
}
