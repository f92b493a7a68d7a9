import ts from 'typescript';
import type { FunctionNode } from '../compile/functions.ts';
import { compileError } from '../compile/program.ts';
import type { ParameterSpec, ScorerSpec } from '../plv8/scorer.ts';

const TYPES = 'number, string, boolean, unions of literals, and any of these with null';

/** The parameters of a scorer as features: its own, or the properties of the one object that it takes. */
export function readParameters(
  node: FunctionNode,
  checker: ts.TypeChecker,
): Pick<ScorerSpec, 'form' | 'parameters'> {
  const [first, ...others] = node.parameters;
  if (first === undefined) {
    throw compileError(node, 'the scorer takes no features', 'take one parameter a feature, or one object');
  }
  if (others.length === 0 && isRow(checker.getTypeAtLocation(first), checker)) {
    return { form: 'object', parameters: readRow(first, checker) };
  }
  return {
    form: 'scalars',
    parameters: node.parameters.map((parameter) => readParameter(parameter, checker)),
  };
}

/** An object that is no array, no function and nothing that the language itself declares. */
function isRow(type: ts.Type, checker: ts.TypeChecker): boolean {
  if (type.isIntersection()) return type.types.every((part) => isRow(part, checker));
  return (type.flags & ts.TypeFlags.Object) !== 0 && !checker.isArrayLikeType(type);
}

function readRow(parameter: ts.ParameterDeclaration, checker: ts.TypeChecker): ParameterSpec[] {
  if (parameter.questionToken !== undefined || parameter.initializer !== undefined) {
    throw compileError(parameter, 'the row is always given', 'take the question mark or the default away');
  }
  const type = checker.getTypeAtLocation(parameter);
  if (checker.getIndexInfosOfType(type).length > 0) {
    throw compileError(
      parameter,
      `the type ${checker.typeToString(type)} does not name its properties`,
      'list each feature: { tenure: number | null; contract: string }',
    );
  }
  const properties = checker.getPropertiesOfType(type);
  if (properties.length === 0) {
    throw compileError(parameter, 'the row has no properties', 'list each feature with its type');
  }
  return properties.map((property) => {
    const own = property.valueDeclaration ?? parameter;
    return readFeature(
      property.getName(),
      checker.getTypeOfSymbolAtLocation(property, parameter),
      (property.flags & ts.SymbolFlags.Optional) !== 0,
      own,
      checker,
    );
  });
}

function readParameter(parameter: ts.ParameterDeclaration, checker: ts.TypeChecker): ParameterSpec {
  if (parameter.dotDotDotToken !== undefined) {
    throw compileError(parameter, 'a rest parameter names no features', 'take one parameter a feature');
  }
  if (!ts.isIdentifier(parameter.name)) {
    throw compileError(parameter, 'a destructured parameter stands alone', 'take all features in one object');
  }
  const optional = parameter.questionToken !== undefined || parameter.initializer !== undefined;
  return readFeature(parameter.name.text, checker.getTypeAtLocation(parameter), optional, parameter, checker);
}

function readFeature(
  name: string,
  type: ts.Type,
  optional: boolean,
  node: ts.Node,
  checker: ts.TypeChecker,
): ParameterSpec {
  const members = type.isUnion() ? type.types : [type];
  const has = (flags: ts.TypeFlags) => members.some((member) => (member.flags & flags) !== 0);
  const present = members.filter(
    (member) => (member.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)) === 0,
  );
  const all = (flags: ts.TypeFlags) =>
    present.length > 0 && present.every((member) => (member.flags & flags) !== 0);
  const missing = has(ts.TypeFlags.Null)
    ? 'null'
    : optional || has(ts.TypeFlags.Undefined)
      ? 'undefined'
      : 'none';
  if (all(ts.TypeFlags.BooleanLike)) return { name, type: 'boolean', missing };
  const literals = literalsOf(present);
  const categories = literals === undefined ? {} : { categories: literals };
  if (all(ts.TypeFlags.NumberLike)) return { name, type: 'number', missing, ...categories };
  if (all(ts.TypeFlags.StringLike)) return { name, type: 'text', missing, ...categories };
  throw compileError(
    node,
    `'${name}': ${checker.typeToString(type)} is no type of a feature`,
    `the types of features are ${TYPES}`,
  );
}

/** The values of a union of literals, in order; undefined for any other type. */
export function literalsOf(types: readonly ts.Type[]): readonly (string | number)[] | undefined {
  const values = types.flatMap((type) =>
    type.isStringLiteral() || type.isNumberLiteral() ? [type.value] : [],
  );
  if (values.length === 0 || values.length < types.length) return undefined;
  return values.sort((left, right) => (left < right ? -1 : 1));
}
