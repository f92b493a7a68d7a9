import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import {
  type Context,
  cast,
  expressionIn,
  expressionsIn,
  lowerExpression,
  replaceMissing,
} from './expressions.ts';
import { FUNCTIONS, refuseFunction } from './functions.ts';
import { merge } from './merge.ts';
import { dataTypeOf } from './scan.ts';
import { Scope } from './scope.ts';
import { isPresent, MISSING, type Value } from './values.ts';

/** https://dmg.org/pmml/v4-4-1/Functions.html */
export function lowerApply(element: Element, context: Context): Value {
  const { lowering } = context;
  element.choice('invalidValueTreatment', ['returnInvalid', 'asIs', 'asMissing'], 'returnInvalid');
  const name = element.string('function');
  const parts = expressionsIn(element);
  const { mapMissingTo, defaultValue } = missingOf(element, lowering.file.version);
  if (name === 'if')
    return replaceMissing(lowerIf(element, parts, context), mapMissingTo ?? defaultValue, element, lowering);
  const values = parts.map((part) => lowerExpression(part, context));
  let result = call(name, values, element, context);
  result = replaceMissing(result, defaultValue, element, lowering);
  if (mapMissingTo === undefined || values.every(isPresent)) return result;
  const missing = anyMissing(values, element, context);
  const other = replaceMissing(MISSING, mapMissingTo, element, lowering);
  return merge(missing, other, result, element, lowering);
}

/** PMML 4.1 had one attribute, which stands for a missing result. */
function missingOf(
  { attributes }: Element,
  version: string,
): { readonly mapMissingTo: string | undefined; readonly defaultValue: string | undefined } {
  const { mapMissingTo, defaultValue } = attributes;
  if (!version.startsWith('4.1') || defaultValue !== undefined) return { mapMissingTo, defaultValue };
  return { mapMissingTo: undefined, defaultValue: mapMissingTo };
}

function call(name: string, values: readonly Value[], element: Element, context: Context): Value {
  // Before PMML 4.4 had some of them, converters wrote them with x- before.
  const builtIn = FUNCTIONS.get(name.replace(/^x-/, ''));
  if (builtIn !== undefined) return builtIn(values, element, context.lowering);
  const definition = context.lowering.file.functions.get(name);
  if (definition === undefined) return refuseFunction(name, element);
  return context.lowering.within(definition, () => callDefined(definition, values, element, context));
}

/** The function's expression with the parameters' names standing for the values. */
function callDefined(
  definition: Element,
  values: readonly Value[],
  element: Element,
  { lowering }: Context,
): Value {
  const parameters = definition.all('ParameterField');
  if (parameters.length !== values.length) {
    element.fail(`gives ${values.length} values to a function of ${parameters.length}`);
  }
  const scope = new Scope(lowering);
  scope.parameters = new Set(parameters.map((parameter) => parameter.string('name')));
  parameters.forEach((parameter, k) => {
    const value = values[k]!;
    const typed = parameter.has('dataType') ? cast(value, dataTypeOf(parameter), parameter, lowering) : value;
    scope.declare(parameter.string('name'), () => typed);
  });
  const result = lowerExpression(expressionIn(definition), scope);
  return definition.has('dataType') ? cast(result, dataTypeOf(definition), definition, lowering) : result;
}

/** A missing condition, and a missing third part, give a missing value. */
function lowerIf(element: Element, parts: readonly Element[], context: Context): Value {
  if (parts.length !== 2 && parts.length !== 3)
    element.fail(`gives ${parts.length} values to if, which takes 2 or 3`);
  const [condition, yes, no] = parts.map((part) => lowerExpression(part, context));
  const { lowering } = context;
  if (condition!.kind === 'constant') {
    if (condition!.value === null) return MISSING;
    return isTrue(condition!) ? yes! : (no ?? MISSING);
  }
  const test = lowering.asNumber(condition!, element);
  const chosen = merge(test.register, yes!, no ?? MISSING, element, lowering);
  if (test.present) return chosen;
  const missing = lowering.b.map([test.register], { name: 'is-nan' })[0]!;
  return merge(missing, MISSING, chosen, element, lowering);
}

function isTrue({ value }: Extract<Value, { kind: 'constant' }>): boolean {
  return value === 1 || value === 'true';
}

/** 1 where one of the values is missing. */
function anyMissing(values: readonly Value[], element: Element, { lowering }: Context): Register {
  const { b } = lowering;
  const flags = values.flatMap((value) => {
    if (isPresent(value)) return [];
    const register = value.kind === 'constant' ? lowering.register(value, element) : value.register;
    return b.map([register], { name: 'is-nan' });
  });
  return flags.length === 1 ? flags[0]! : b.reduce('max', flags);
}
