import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadProgram } from '../../../src/codegen/load-program.ts';
import { compileProgram, type Program } from '../../../src/codegen/program.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { Model } from '../../../src/ir/model.ts';
import { validate } from '../../../src/ir/validate.ts';
import { type ModelWithRows, modelWithRows, type RowValues } from '../../harness/arbitraries.ts';

/** A row's arguments: numbers as they are, texts as the codes that SQL would look up. */
function programArguments(model: Model, program: Program, row: RowValues): (number | null)[] {
  return program.arguments.map(({ feature, step: index }) => {
    const value = row[feature]!;
    if (index === undefined) return value as number | null;
    const step = model.steps[index]!;
    if (step.kind !== 'encode-category') throw new TypeError('not an encoding');
    if (value === null) return step.missing;
    const code = (step.categories as readonly unknown[]).indexOf(value);
    return code === -1 ? step.unknown : code;
  });
}

/** The property of all this: both functions of the program give what the evaluator gives, to the last bit. */
async function agrees({ model, rows }: ModelWithRows): Promise<void> {
  expect(validate(model)).toEqual([]);
  const program = await compileProgram(model);
  const loaded = loadProgram(program);
  const { raw, values } = program.outputs;
  for (const row of rows) {
    const args = programArguments(model, program, row);
    const { registers } = evaluate(model, row);
    const outputs = loaded.outputs(args);
    expect(outputs.slice(raw.start, raw.end)).toEqual(model.output.raw.map((r) => registers[r]));
    expect(outputs.slice(values.start, values.end)).toEqual(model.output.values!.map((r) => registers[r]));
    expect(outputs[0]).toEqual(registers[model.output.value]);
    expect(loaded.value(args)).toEqual(registers[model.output.value]);
  }
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
