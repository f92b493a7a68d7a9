import { type Precision, SplitTest, type TreeEnsemble } from '../ir/model.ts';
import type { SlotKindName } from '../plv8/slots.ts';

/** A number split as the kernel decides it: right when the slot of this kind is greater than the threshold. */
export interface SlotTest {
  readonly kind: SlotKindName;
  readonly threshold: number;
}

type NumberTest = Exclude<SplitTest, typeof SplitTest.setNanLeft | typeof SplitTest.setNanRight>;

export function isNumberTest(test: SplitTest): test is NumberTest {
  return test < SplitTest.setNanLeft;
}

/** The kernel's form of a number split. It decides every value of the input precision, NaN included, as the IR does. */
export function slotTest(
  test: NumberTest,
  threshold: number,
  { comparison, inputPrecision }: Pick<TreeEnsemble, 'comparison' | 'inputPrecision'>,
): SlotTest {
  const greatestLeft = greatestBelow(threshold, comparison, inputPrecision);
  if (greatestLeft === undefined) return { kind: ALL_RIGHT[test], threshold: 0 };
  // Nothing is greater than +Infinity: there a missing value that is to go right needs a slot of its own.
  if (greatestLeft === Number.POSITIVE_INFINITY && test === SplitTest.nanRight) {
    return { kind: 'isMissing', threshold: 0 };
  }
  if (greatestLeft === Number.POSITIVE_INFINITY && test === SplitTest.zeroRight) {
    return { kind: 'isZero', threshold: 0 };
  }
  return { kind: ORDINARY[test], threshold: greatestLeft };
}

const ORDINARY: Readonly<Record<NumberTest, SlotKindName>> = {
  [SplitTest.nanLeft]: 'missingLow',
  [SplitTest.nanRight]: 'missingHigh',
  [SplitTest.nanIsZero]: 'missingZero',
  [SplitTest.zeroLeft]: 'zeroLow',
  [SplitTest.zeroRight]: 'zeroHigh',
};

/** When no number goes left. */
const ALL_RIGHT: Readonly<Record<NumberTest, SlotKindName>> = {
  [SplitTest.nanLeft]: 'isPresent',
  [SplitTest.nanRight]: 'always',
  [SplitTest.nanIsZero]: 'always',
  [SplitTest.zeroLeft]: 'isNonZero',
  [SplitTest.zeroRight]: 'always',
};

/** The greatest number of the precision that is < or <= the threshold; undefined when there is none. Never -0. */
function greatestBelow(threshold: number, comparison: '<' | '<=', precision: Precision): number | undefined {
  const rounded = precision === 'float32' ? Math.fround(threshold) : threshold;
  const holds = comparison === '<' ? rounded < threshold : rounded <= threshold;
  if (holds) return rounded + 0;
  if (rounded === Number.NEGATIVE_INFINITY) return undefined;
  return precision === 'float32' ? nextLowerFloat32(rounded) : nextLowerFloat64(rounded);
}

/** Bit patterns of positive floats ascend with the value, those of negative ones descend. */
function nextLowerFloat32(value: number): number {
  if (value === 0) return -(2 ** -149);
  const bits = new Int32Array(Float32Array.of(value).buffer);
  bits[0]! += value > 0 ? -1 : 1;
  return new Float32Array(bits.buffer)[0]!;
}

function nextLowerFloat64(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const bits = new BigInt64Array(Float64Array.of(value).buffer);
  bits[0]! += value > 0 ? -1n : 1n;
  return new Float64Array(bits.buffer)[0]!;
}
