import type { Element } from './element.ts';
import { LOWERINGS } from './families.ts';
import { findLabel } from './labels.ts';
import type { Lowering } from './lowering.ts';
import { COMMON_PARTS, type ModelContext } from './model-context.ts';
import { declareOutputs } from './outputs.ts';
import { type Result, relabel } from './result.ts';
import type { DataField } from './scan.ts';
import { isTarget, Scope } from './scope.ts';
import { applyTargets } from './targets.ts';

/** A model's answer and the names that its <Output> gives to parts of it. */
export interface LoweredModel {
  readonly result: Result;
  /** Holds the output fields, over the names that the model itself may use. */
  readonly outputs: Scope;
  readonly context: ModelContext;
}

/** Lowers a model, the file's own or one inside a <Segment>. */
export function lowerModel(model: Element, parent: Scope, isTopLevel: boolean): LoweredModel {
  const context = contextOf(model, parent, isTopLevel);
  const lower = LOWERINGS.get(model.name);
  if (lower === undefined)
    model.refuse('is of a kind that is not scored', 'Export the model in another format.');
  const lowered = lower!(model, context);
  const result = applyTargets(model, declaredOrder(lowered.result, context), context);
  return { result, outputs: declareOutputs(model, { ...lowered, result }, context), context };
}

/** Classes in the order in which the target declares them; others that the model names come after them. */
function declaredOrder(result: Result, { labels: declared, targetField, lowering }: ModelContext): Result {
  if (result.kind !== 'classification') return result;
  const isBoolean =
    targetField?.type === 'boolean' && result.labels.every((label) => BOOLEANS.includes(label));
  const labels = declared ?? (isBoolean ? BOOLEANS : undefined);
  if (labels === undefined) return result;
  // 1 and 1.0 are the same class.
  const own = result.labels.map((label) => labels[findLabel(labels, label)] ?? label);
  if (new Set(own).size < own.length) return result;
  return relabel({ ...result, labels: own }, [...new Set([...labels, ...own])], lowering);
}

const BOOLEANS: readonly string[] = ['false', 'true'];

export function contextOf(model: Element, parent: Scope, isTopLevel: boolean): ModelContext {
  const { lowering } = parent;
  const schema = model.required('MiningSchema');
  schema.allow('MiningField');
  const scope = new Scope(lowering, parent);
  scope.admit(schema, isTopLevel);
  if (isTopLevel) scope.derive(lowering.file.derived);
  scope.derive(model.optional('LocalTransformations')?.all('DerivedField') ?? []);
  const targetField = targetOf(model, schema, lowering);
  const float = (model.attributes['x-mathContext'] ?? 'double') === 'float';
  return {
    lowering,
    scope,
    function: functionOf(model),
    targetField,
    labels: targetField !== undefined && targetField.valid.length > 0 ? targetField.valid : undefined,
    precision: float ? 'float32' : 'float64',
    commonParts: COMMON_PARTS,
  };
}

function functionOf(model: Element): ModelContext['function'] {
  const name = model.string('functionName');
  if (name === 'regression' || name === 'classification' || name === 'clustering') return name;
  return 'other';
}

function targetOf(model: Element, schema: Element, { file }: Lowering): DataField | undefined {
  const names = schema
    .all('MiningField')
    .filter(isTarget)
    .map((field) => field.string('name'));
  if (names.length <= 1) return names[0] === undefined ? undefined : file.fields.get(names[0]);
  // The segments have targets of their own; the last one's is the model's.
  if (model.name === 'MiningModel') return undefined;
  return schema.refuse('has several targets', 'Export one model a target.');
}
