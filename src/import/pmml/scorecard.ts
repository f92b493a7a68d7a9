import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { expressionIn, lowerExpression } from './expressions.ts';
import type { ModelContext } from './model-context.ts';
import { isTrue, predicateIn } from './predicates.ts';
import type { Result } from './result.ts';

/** https://dmg.org/pmml/v4-4-1/Scorecard.html */
export function lowerScorecard(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'Characteristics');
  const { lowering } = context;
  const characteristics = model.required('Characteristics').all('Characteristic');
  if (characteristics.length === 0) model.fail('has no <Characteristic>');
  const scores = characteristics.map((characteristic) => partialScore(characteristic, context));
  if (model.boolean('useReasonCodes', true)) {
    lowering.note('The score is exact; reason codes are not part of a prediction.');
  }
  const weights = [scores.map(() => 1)];
  return {
    kind: 'regression',
    value: lowering.b.linear(scores, weights, [model.number('initialScore', 0)])[0]!,
  };
}

/** That of the first attribute whose predicate is true; NaN when none is. */
function partialScore(characteristic: Element, context: ModelContext): Register {
  const { lowering, scope } = context;
  const attributes = characteristic.all('Attribute');
  return attributes.reduceRight<Register>((rest, attribute) => {
    const predicate = predicateIn(attribute, scope);
    const complex = attribute.optional('ComplexPartialScore');
    const score =
      complex === undefined
        ? lowering.constant(attribute.number('partialScore'))
        : lowering.register(lowerExpression(expressionIn(complex), scope), complex);
    if (predicate.kind === 'constant') return predicate.value === true ? score : rest;
    return lowering.b.select([isTrue(predicate, lowering)], [score], [rest])[0]!;
  }, lowering.constant(Number.NaN));
}
