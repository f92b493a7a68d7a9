import { type ArgumentValue, loadProgram } from '../../../src/codegen/load-program.ts';
import { compileProgram, type Program } from '../../../src/codegen/program.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { categoryCodes, type EncodeCategory, type Model } from '../../../src/ir/model.ts';
import type { RowValues } from '../../harness/arbitraries.ts';

/** A row's arguments: numbers and texts as they are, categories as the codes that SQL would look up. */
export function programArguments(model: Model, program: Program, row: RowValues): ArgumentValue[] {
  return program.arguments.map(({ feature, step: index }) => {
    const value = row[feature]!;
    if (index === undefined) return value;
    const step = model.steps[index] as EncodeCategory;
    if (value === null) return step.missing;
    const position = (step.categories as readonly unknown[]).indexOf(value);
    return position === -1 ? step.unknown : categoryCodes(step)[position]!;
  });
}

/** What the program gives for each row, and what the reference evaluator gives. */
export async function bothResults(model: Model, rows: readonly RowValues[]) {
  const program = await compileProgram(model);
  const loaded = loadProgram(program);
  return rows.map((row) => {
    const args = programArguments(model, program, row);
    const outputs = loaded.outputs(args);
    const { registers } = evaluate(model, row);
    const { raw, values } = program.outputs;
    return {
      program: [
        loaded.value(args),
        outputs[0],
        ...outputs.slice(raw.start, raw.end),
        ...outputs.slice(values.start, values.end),
      ],
      evaluator: [
        registers[model.output.value],
        registers[model.output.value],
        ...model.output.raw.map((register) => registers[register]),
        ...(model.output.values ?? []).map((register) => registers[register]),
      ],
    };
  });
}
