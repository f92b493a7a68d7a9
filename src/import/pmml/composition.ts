import type { Element } from './element.ts';
import type { Lowered } from './families.ts';
import { COMMON_PARTS, type ModelContext } from './model-context.ts';
import { declareResults } from './outputs.ts';
import { lowerRegression } from './regression.ts';
import type { Result } from './result.ts';
import { Scope } from './scope.ts';
import { lowerTreeModel } from './tree-model.ts';

/** Models that stand inside of a <MiningModel> or of a tree's <Node>, without a schema of their own. */
export const EMBEDDED: readonly string[] = ['Regression', 'DecisionTree'];

/**
 * Embedded models one after the other, each of which may read what those before it answer under the names of their
 * <ResultField>s; the last one answers. https://dmg.org/pmml/v4-4-1/MultipleModels.html
 */
export function compose(model: Element, context: ModelContext): Lowered {
  const { lowering } = context;
  const models = model.children.filter(({ name }) => EMBEDDED.includes(name));
  if (models.length === 0) model.fail('holds neither a <Segmentation> nor an embedded model');
  const scope = new Scope(lowering, context.scope);
  const results = models.map((each, i) => {
    const isLast = i === models.length - 1;
    const own = embeddedContext(each, scope, isLast ? context : withoutTarget(context));
    const result = lowerEmbedded(each, own);
    declareResults(each, result, scope, own);
    return result;
  });
  return { result: results.at(-1)!, scope };
}

/** The answer of an embedded model. */
export function lowerEmbedded(model: Element, context: ModelContext): Result {
  return model.name === 'Regression' ? lowerRegression(model, context) : lowerTreeModel(model, context);
}

/** What an embedded model is read with: the names around it and what it derives. */
export function embeddedContext(model: Element, parent: Scope, context: ModelContext): ModelContext {
  for (const part of ['Targets', 'Output']) {
    if (model.optional(part) !== undefined) {
      model.refuse(
        `has <${part}> of its own`,
        'Export the model with a <Segmentation> of the method modelChain.',
      );
    }
  }
  const scope = new Scope(context.lowering, parent);
  scope.derive(model.optional('LocalTransformations')?.all('DerivedField') ?? []);
  return {
    ...context,
    scope,
    function: model.choice('functionName', ['regression', 'classification']),
    commonParts: [...COMMON_PARTS, 'ResultField'],
  };
}

function withoutTarget(context: ModelContext): ModelContext {
  return { ...context, targetField: undefined, labels: undefined };
}
