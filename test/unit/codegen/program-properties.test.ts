import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileProgram } from '../../../src/codegen/program.ts';
import { validate } from '../../../src/ir/validate.ts';
import { type ModelWithRows, modelWithRows } from '../../harness/arbitraries.ts';
import { bothResults } from './programs.ts';

/** The property of all this: both functions of the program give what the evaluator gives, to the last bit. */
async function agrees({ model, rows }: ModelWithRows): Promise<void> {
  expect(validate(model)).toEqual([]);
  for (const { program, evaluator } of await bothResults(model, rows)) expect(program).toEqual(evaluator);
}

test('program and reference evaluator agree bit for bit on random models and rows', async () => {
  await fc.assert(fc.asyncProperty(modelWithRows(), agrees), { numRuns: 300 });
});

test('they agree on models with more features than PostgreSQL has arguments', async () => {
  const wide = modelWithRows({ features: { min: 101, max: 120 }, maxRows: 3 });
  await fc.assert(
    fc.asyncProperty(wide, async (made) => {
      expect((await compileProgram(made.model)).arguments.length).toBeGreaterThan(100);
      await agrees(made);
    }),
    { numRuns: 20 },
  );
});

test('they agree on models whose registers are too many for code without loops', async () => {
  await fc.assert(fc.asyncProperty(modelWithRows({ maxInputs: 200, maxRows: 4 }), agrees), { numRuns: 60 });
});
