import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { modelFromJson, modelToJson } from '../../../src/ir/json.ts';
import { registerLayout } from '../../../src/ir/model.ts';
import { validate } from '../../../src/ir/validate.ts';
import { modelWithRows } from '../../harness/arbitraries.ts';

describe('random models', () => {
  it('are sound, survive JSON bit for bit, and fill their registers', () => {
    fc.assert(
      fc.property(modelWithRows(), ({ model, rows }) => {
        expect(validate(model)).toEqual([]);
        const copy = modelFromJson(modelToJson(model));
        expect(copy).toEqual(model);
        for (const row of rows) {
          const result = evaluate(model, row);
          expect(result.registers).toHaveLength(registerLayout(model).size);
          expect(evaluate(copy, row)).toStrictEqual(result);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('broken anywhere give violations or a model that scores', () => {
    const values = fc.constantFrom<unknown>(
      undefined,
      null,
      -1,
      0.5,
      2 ** 40,
      Number.NaN,
      'x',
      [],
      {},
      [[]],
      [-1, 7],
    );
    fc.assert(
      fc.property(
        modelWithRows(),
        fc.infiniteStream(fc.nat(1e6)),
        values,
        ({ model, rows }, picks, value) => {
          const broken = structuredClone(model) as unknown;
          breakOnce(broken, picks, value);
          if (validate(broken).length > 0) return;
          for (const row of rows) evaluate(broken as typeof model, row);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Walks down to some property and puts the value there. */
function breakOnce(root: unknown, picks: Iterator<number>, value: unknown): void {
  let holder = root as Record<string, unknown>;
  for (;;) {
    const keys = Object.keys(holder);
    const key = keys[picks.next().value % keys.length]!;
    const inner = holder[key];
    const deeper = typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0;
    if (!deeper || picks.next().value % 8 === 0) {
      holder[key] = value;
      return;
    }
    holder = inner as Record<string, unknown>;
  }
}
