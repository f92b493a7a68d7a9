import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { cast, expressionIn, lowerExpression } from './expressions.ts';
import type { Lowered } from './families.ts';
import { labelPosition } from './labels.ts';
import type { Lowering } from './lowering.ts';
import { onlyWhereTrue } from './merge.ts';
import type { ModelContext } from './model-context.ts';
import { type ClassificationResult, type ClusteringResult, missingWhere, type Result } from './result.ts';
import { dataTypeOf, storedType } from './scan.ts';
import { Scope } from './scope.ts';
import { targetOf } from './targets.ts';
import { parseConstant } from './types.ts';
import { type DataType, number, type Value } from './values.ts';

/** Declares the fields of a model's <Output>; their steps are made when a later model asks for them. */
export function declareOutputs(model: Element, lowered: Lowered, context: ModelContext): Scope {
  const { result } = lowered;
  const scope = new Scope(context.lowering, lowered.scope ?? context.scope);
  const target = context.targetField;
  if (target !== undefined)
    scope.declare(target.name, () => predictedValue(result, target.type, model, context.lowering));
  for (const field of outputFields(model)) {
    scope.declare(field.string('name'), () => outputValue(field, model, lowered, scope, context));
  }
  return scope;
}

/** Declares the <ResultField>s of an embedded model. */
export function declareResults(model: Element, result: Result, scope: Scope, context: ModelContext): void {
  for (const field of model.all('ResultField')) {
    scope.declare(field.string('name'), () => outputValue(field, model, { result }, scope, context));
  }
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

/** Which class or cluster a field is about: 1 for the best. */
export function rankOf(field: Element): number {
  field.choice('rankOrder', ['descending'], 'descending');
  const rank = field.number('rank', 1);
  return Number.isInteger(rank) && rank >= 1 ? rank : field.fail('needs a whole rank from 1 on');
}

function outputValue(
  field: Element,
  model: Element,
  lowered: Lowered,
  scope: Scope,
  context: ModelContext,
): Value {
  const { lowering } = context;
  const declared = field.has('dataType') ? dataTypeOf(field) : undefined;
  const type = declared === undefined ? undefined : storedType(declared);
  const typed = (value: Value): Value =>
    declared === undefined ? value : cast(value, declared, field, lowering);
  const feature = featureOf(field);
  const id = field.attributes.segmentId;
  if (feature === 'transformedValue' || feature === 'decision') {
    if (id !== undefined) field.refuse('computes something inside one segment', 'Put it into the segment.');
    return typed(lowerExpression(expressionIn(field), scope));
  }
  if (id === undefined && feature === 'predictedDisplayValue')
    return typed(displayValue(field, model, lowered.result, context));
  if (id === undefined) return typed(featureValue(field, lowered.result, type, lowering));
  const segment =
    lowered.segment?.(id) ??
    field.fail(`names the segment ${JSON.stringify(id.slice(0, 60))}, which is not there`);
  const own = featureValue(field, segment.result, type, lowering);
  return typed(onlyWhereTrue(segment.condition, own, lowering));
}

function featureValue(field: Element, result: Result, type: DataType | undefined, lowering: Lowering): Value {
  switch (featureOf(field)) {
    case 'predictedValue':
      return predictedValue(result, type ?? 'string', field, lowering);
    case 'probability':
      return probability(field, result, lowering);
    case 'reasonCode':
      if (result.kind === 'regression' && result.reasons !== undefined) {
        const { names, places } = result.reasons;
        return rankedName(field, names, places(), type ?? 'string', lowering);
      }
      break;
    case 'entityId':
    case 'clusterId':
      if (result.entities !== undefined) {
        const { names, places } = result.entities();
        return rankedName(field, names, places, type ?? 'string', lowering);
      }
      if (result.kind === 'clustering') return predictedValue(result, type ?? 'string', field, lowering);
      break;
    case 'affinity':
    case 'entityAffinity':
    case 'clusterAffinity':
      if (result.kind === 'clustering') return affinity(field, result, lowering);
      if (result.entities?.().affinities !== undefined) {
        const { affinities } = result.entities();
        return number(affinities![rankOf(field) - 1] ?? lowering.constant(Number.NaN));
      }
      break;
  }
  return field.refuse(
    `gives the ${JSON.stringify(featureOf(field).slice(0, 40))} of a model, which is not scored`,
  );
}

/** A number as it is; a cluster by its name, a class by what its <TargetValue> or its <Value> shows. */
function displayValue(field: Element, model: Element, result: Result, context: ModelContext): Value {
  const { lowering, targetField } = context;
  if (result.kind === 'regression') return predictedValue(result, 'double', field, lowering);
  const position = rankedPosition(field, result, lowering);
  if (result.kind === 'clustering') {
    const names = result.ids.map((id, i) => result.names[i] ?? id);
    return positionValue(position, names, 'string', field, lowering);
  }
  const shown = new Map<string, string>();
  for (const value of [
    ...(targetField?.element.all('Value') ?? []),
    ...(targetOf(model, context)?.all('TargetValue') ?? []),
  ]) {
    const { value: label, displayValue } = value.attributes;
    if (label !== undefined && displayValue !== undefined) shown.set(label, displayValue);
  }
  const names = result.labels.map((label) => shown.get(label) ?? label);
  return positionValue(position, names, 'string', field, lowering);
}

/** The name of the rank that the field asks for; missing where there are fewer. */
function rankedName(
  field: Element,
  names: readonly string[],
  places: readonly Register[],
  type: DataType,
  lowering: Lowering,
): Value {
  const place = places[rankOf(field) - 1] ?? lowering.constant(Number.NaN);
  return positionValue(place, names, type, field, lowering);
}

/** The number, or the label in the target's type. */
function predictedValue(result: Result, type: DataType, at: Element, lowering: Lowering): Value {
  if (result.kind === 'regression') {
    if (rankOf(at) > 1) at.fail('ranks a number');
    return number(result.value, type === 'string' ? 'double' : type);
  }
  const labels = result.kind === 'classification' ? result.labels : result.ids;
  return positionValue(rankedPosition(at, result, lowering), labels, type, at, lowering);
}

/** The text, or the number that it reads as, at a position. */
function positionValue(
  position: Register,
  labels: readonly string[],
  type: DataType,
  at: Element,
  lowering: Lowering,
): Value {
  if (type !== 'string') {
    const numbers = labels.map((label) => parseConstant(at, label, type));
    return number(lowering.gather(position, numbers), type);
  }
  return {
    kind: 'text',
    register: position,
    texts: [...labels],
    open: false,
    known: labels.length,
    present: false,
  };
}

/** The position of the class or cluster that the field's rank asks for. */
function rankedPosition(
  field: Element,
  result: ClassificationResult | ClusteringResult,
  lowering: Lowering,
): Register {
  const rank = rankOf(field);
  return rank === 1 ? result.predicted : nth(field, rank, result, lowering).position;
}

/** The nth most probable class or nearest cluster, of equal ones the first; NaN where there is no prediction. */
function nth(
  field: Element,
  rank: number,
  result: ClassificationResult | ClusteringResult,
  lowering: Lowering,
): { readonly position: Register; readonly score: Register } {
  const isClass = result.kind === 'classification';
  const scores = isClass ? result.probabilities : result.scores;
  if (scores === undefined) return field.refuse('ranks classes, to which the model gives no probabilities');
  if (rank > scores.length) return field.fail(`asks for number ${rank} of ${scores.length}`);
  const { b } = lowering;
  const least = !isClass && result.nearest === 'argmin';
  const found = b.add({ kind: 'nearest', inputs: least ? scores : b.unary(scores, 'negate'), k: rank });
  const score = found[2 * rank - 1]!;
  const position = missingWhere(found[rank - 1]!, score, lowering);
  return { position, score: least ? score : b.unary([score], 'negate')[0]! };
}

function affinity(field: Element, result: ClusteringResult, lowering: Lowering): Value {
  if (!field.has('value')) return number(nth(field, rankOf(field), result, lowering).score);
  const at = result.ids.indexOf(field.string('value'));
  if (at === -1) field.fail('names a cluster that is not there');
  return number(result.scores[at]!);
}

function probability(field: Element, result: Result, lowering: Lowering): Value {
  const { b } = lowering;
  const { probabilities } = result.kind === 'classification' ? result : ({} as Partial<ClassificationResult>);
  if (result.kind !== 'classification' || probabilities === undefined) {
    return field.refuse('gives a probability, which the model has not');
  }
  if (field.has('value'))
    return number(probabilities[labelPosition(field, result.labels, field.string('value'))]!);
  if (rankOf(field) > 1) return number(nth(field, rankOf(field), result, lowering).score);
  // The predicted class's own.
  const own = probabilities.map((each, k) => {
    const isPredicted = b.compare([result.predicted], '==', [k]);
    return b.select(isPredicted, [each], [lowering.constant(Number.NEGATIVE_INFINITY)])[0]!;
  });
  return number(b.reduce('max', own));
}
