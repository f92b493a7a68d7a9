import type { Element } from './element.ts';
import { cast, expressionIn, lowerExpression } from './expressions.ts';
import { labelPosition } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import type { ClassificationResult, Result } from './result.ts';
import { dataTypeOf } from './scan.ts';
import { Scope } from './scope.ts';
import { parseConstant } from './types.ts';
import { type DataType, number, type Value } from './values.ts';

/** Declares the fields of a model's <Output>; their steps are made when a later model asks for them. */
export function declareOutputs(model: Element, result: Result, parent: Scope, context: ModelContext): Scope {
  const scope = new Scope(context.lowering, parent);
  const target = context.targetField;
  if (target !== undefined)
    scope.declare(target.name, () => predictedValue(result, target.type ?? 'double', model, context));
  for (const field of outputFields(model)) {
    scope.declare(field.string('name'), () => outputValue(field, result, scope, context));
  }
  return scope;
}

export function outputFields(model: Element): readonly Element[] {
  return model.optional('Output')?.all('OutputField') ?? [];
}

/** What an <OutputField> gives: https://dmg.org/pmml/v4-4-1/Output.html. `feature` is predictedValue when absent. */
export function featureOf(field: Element): string {
  const feature = field.attributes.feature;
  if (feature !== undefined) return feature;
  return field.children.length > 0 ? 'transformedValue' : 'predictedValue';
}

function outputValue(field: Element, result: Result, scope: Scope, context: ModelContext): Value {
  const { lowering } = context;
  if (field.has('segmentId')) field.refuse('gives a part of one segment');
  const type = field.has('dataType') ? dataTypeOf(field) : undefined;
  const typed = (value: Value): Value => (type === undefined ? value : cast(value, type, field, lowering));
  switch (featureOf(field)) {
    case 'predictedValue':
      return typed(predictedValue(result, type ?? 'string', field, context));
    case 'transformedValue':
    case 'decision':
      return typed(lowerExpression(expressionIn(field), scope));
    case 'probability':
      return typed(probability(field, result, context));
    case 'entityId':
    case 'clusterId':
      if (result.kind === 'clustering') return predictedValue(result, type ?? 'string', field, context);
      break;
    case 'affinity':
    case 'entityAffinity':
    case 'clusterAffinity':
      if (result.kind === 'clustering' && field.has('value')) {
        const at = result.ids.indexOf(field.string('value'));
        if (at !== -1) return number(result.scores[at]!);
      }
      break;
  }
  return field.refuse(
    `gives the ${JSON.stringify(featureOf(field).slice(0, 40))} of a model, which is not scored`,
  );
}

/** The number, or the label in the target's type. */
function predictedValue(result: Result, type: DataType, at: Element, { lowering }: ModelContext): Value {
  if (result.kind === 'regression') return number(result.value, type === 'string' ? 'double' : type);
  const labels = result.kind === 'classification' ? result.labels : result.ids;
  if (type !== 'string') {
    const numbers = labels.map((label) => parseConstant(at, label, type));
    return number(lowering.gather(result.predicted, numbers), type);
  }
  return {
    kind: 'text',
    register: result.predicted,
    texts: [...labels],
    open: false,
    known: labels.length,
    present: false,
  };
}

function probability(field: Element, result: Result, { lowering }: ModelContext): Value {
  const { b } = lowering;
  const { probabilities } = result.kind === 'classification' ? result : ({} as Partial<ClassificationResult>);
  if (result.kind !== 'classification' || probabilities === undefined) {
    return field.refuse('gives a probability, which the model has not');
  }
  if (field.has('value'))
    return number(probabilities[labelPosition(field, result.labels, field.string('value'))]!);
  // The predicted class's own.
  const own = probabilities.map((each, k) => {
    const isPredicted = b.compare([result.predicted], '==', [k]);
    return b.select(isPredicted, [each], [lowering.constant(Number.NEGATIVE_INFINITY)])[0]!;
  });
  return number(b.reduce('max', own));
}
