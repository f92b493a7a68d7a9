import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isNumberTest, slotTest } from '../../../src/codegen/split-slots.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { type Model, type Precision, SplitTest } from '../../../src/ir/model.ts';
import { toFloat32, toFloat64 } from '../../../src/plv8/rounding.ts';
import { fillSlots, SlotKind } from '../../../src/plv8/slots.ts';
import { ensemble, stump } from '../ir/models.ts';

interface Split {
  readonly test: SplitTest;
  readonly threshold: number;
  readonly comparison: '<' | '<=';
  readonly inputPrecision: Precision;
}

const numberTests = Object.values(SplitTest).filter(isNumberTest);
const comparisons = ['<', '<='] as const;
const precisions = ['float32', 'float64'] as const;
const FLOAT32_MAX = 3.4028234663852886e38;
const EDGES = [
  0,
  -0,
  1,
  -1,
  0.1,
  Math.fround(0.1),
  1e-35,
  Math.fround(1e-35),
  -Math.fround(1e-35),
  2 ** -149,
  -(2 ** -149),
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
  FLOAT32_MAX,
  -FLOAT32_MAX,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Where the IR sends x: its leaves are 10 on the left and 20 on the right. */
function goesRight({ test, threshold, comparison, inputPrecision }: Split, x: number): boolean {
  const model: Model = {
    irVersion: 1,
    task: 'regression',
    features: [{ kind: 'number', name: 'x' }],
    steps: [ensemble([stump({ test, threshold })], { comparison, inputPrecision })],
    output: { value: 1, raw: [1] },
  };
  return evaluate(model, [x]).prediction.value === 20;
}

/** Where the kernel sends x. */
function slotGoesRight(split: Split, x: number): boolean {
  const { kind, threshold } = slotTest(split.test as (typeof numberTests)[number], split.threshold, split);
  const slot = new Float64Array(1);
  const round = split.inputPrecision === 'float32' ? toFloat32 : toFloat64;
  fillSlots(slot, 0, Float64Array.of(x), [0], [SlotKind[kind]], round);
  return slot[0]! > threshold;
}

describe('a number split as the kernel decides it', () => {
  test.each(numberTests)('agrees with the IR at every edge, SplitTest %i', (kind) => {
    for (const comparison of comparisons) {
      for (const inputPrecision of precisions) {
        for (const threshold of EDGES) {
          const split = { test: kind, threshold, comparison, inputPrecision };
          for (const x of [...EDGES, Number.NaN]) {
            expect(slotGoesRight(split, x), JSON.stringify({ ...split, x: String(x) })).toBe(
              goesRight(split, x),
            );
          }
        }
      }
    }
  });

  test('agrees with the IR on random thresholds and their neighbours', () => {
    const threshold = fc.oneof(fc.double({ noNaN: true }), fc.float({ noNaN: true }));
    fc.assert(
      fc.property(
        fc.constantFrom(...numberTests),
        fc.constantFrom(...comparisons),
        fc.constantFrom(...precisions),
        threshold,
        fc.integer({ min: -2, max: 2 }),
        (kind, comparison, inputPrecision, at, ulps) => {
          const split = { test: kind, threshold: at, comparison, inputPrecision };
          const bits = new BigInt64Array(Float64Array.of(at).buffer);
          bits[0]! += BigInt(ulps);
          const near = new Float64Array(bits.buffer)[0]!;
          for (const x of [near, Math.fround(near), at]) {
            expect(slotGoesRight(split, x)).toBe(goesRight(split, x));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('keeps float32 thresholds within float32, so that they are stored in half the space', () => {
    for (const threshold of EDGES) {
      const split = slotTest(SplitTest.nanLeft, threshold, { comparison: '<', inputPrecision: 'float32' });
      expect(Math.fround(split.threshold)).toBe(split.threshold);
    }
  });
});
