import { evaluate } from '../../ir/evaluate.ts';
import type { Model } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { featureFor, inputValue } from './inputs.ts';
import { Lowering } from './lowering.ts';
import type { ModelContext } from './model-context.ts';
import type { DataField } from './scan.ts';
import { Scope } from './scope.ts';
import { parseConstant } from './types.ts';

/** Training rows: each cell's text by its column, and the column of each field. */
export interface Instances {
  readonly columns: ReadonlyMap<string, string>;
  readonly rows: readonly ReadonlyMap<string, string>[];
}

/**
 * The instances with what the inputs derive from their fields, computed now by the reference evaluator. Inputs that the
 * instances hold already stay as they are.
 */
export function completeInstances(
  model: Element,
  inputs: readonly Element[],
  instances: Instances,
  { lowering: { file } }: ModelContext,
): Instances {
  const missing = inputs.filter((input) => !instances.columns.has(input.string('field')));
  if (missing.length === 0) return instances;
  const fields = [...instances.columns.keys()]
    .map((name) => file.fields.get(name))
    .filter((field): field is DataField => field !== undefined);
  const features = fields.map(featureFor);
  const lowering = new Lowering(file, features.length);
  const scope = new Scope(lowering);
  fields.forEach((field, register) => {
    scope.declare(field.name, () => inputValue(field, features[register]!, register, lowering));
  });
  scope.derive(file.derived);
  scope.derive(model.optional('LocalTransformations')?.all('DerivedField') ?? []);
  const values = missing.map((input) => {
    const value = scope.resolve(input.string('field'), input);
    return value.kind === 'text' ? value : lowering.asNumber(value, input);
  });
  const output = { value: 0, raw: [0] };
  const program: Model = { irVersion: 1, task: 'regression', features, steps: lowering.b.steps, output };
  const columns = new Map(instances.columns);
  for (const input of missing) columns.set(input.string('field'), `derived ${input.string('field')}`);
  const rows = instances.rows.map((row) => {
    const { registers } = evaluate(
      program,
      fields.map((field) => cellOf(row, field, instances, model)),
    );
    const cells = values.map((value, i): [string, string] => {
      const number = registers[value.register]!;
      const text =
        value.kind === 'text' ? value.texts[number] : Number.isNaN(number) ? undefined : String(number);
      if (text === undefined) missing[i]!.refuse('has no value in one of the instances');
      return [`derived ${missing[i]!.string('field')}`, text!];
    });
    return new Map([...row, ...cells]);
  });
  return { columns, rows };
}

function cellOf(
  row: ReadonlyMap<string, string>,
  field: DataField,
  { columns }: Instances,
  at: Element,
): number | string | null {
  const text = row.get(columns.get(field.name)!);
  if (text === undefined) return null;
  return featureFor(field).kind === 'text' ? text : parseConstant(at, text, field.type);
}
