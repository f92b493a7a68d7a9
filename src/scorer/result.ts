import ts from 'typescript';
import type { FunctionNode } from '../compile/functions.ts';
import { compileError } from '../compile/program.ts';
import { mapType } from '../compile/type-map.ts';
import type { ResultSpec } from '../plv8/scorer.ts';
import { literalsOf } from './parameters.ts';

const RESULTS =
  "return number, boolean, a union of labels ('low' | 'high'), or an object { value, label?, probabilities?, raw?, values? }; " +
  'null for no prediction';

const PLAIN = { hasProbabilities: false, raw: 0, values: 0 } as const;

/** What a scorer's result type says of its predictions. Classes stand in the order of their names. */
export function readResult(node: FunctionNode, checker: ts.TypeChecker): ResultSpec {
  if (node.asteriskToken !== undefined) {
    throw compileError(node, 'a generator gives no single prediction', RESULTS);
  }
  const type = checker.getReturnTypeOfSignature(checker.getSignatureFromDeclaration(node)!);
  const members = presentOf(type);
  const all = (flags: ts.TypeFlags) =>
    members.length > 0 && members.every((member) => (member.flags & flags) !== 0);
  if (all(ts.TypeFlags.NumberLike)) return { kind: 'number', ...PLAIN };
  if (all(ts.TypeFlags.BooleanLike)) return { kind: 'boolean', labels: ['false', 'true'], ...PLAIN };
  const labels = labelsOf(members);
  if (labels !== undefined) return { kind: 'label', labels, ...PLAIN };
  if (all(ts.TypeFlags.StringLike)) {
    throw compileError(
      node.type ?? node,
      'the result is any string, and the classes have to be known',
      "name them in the result's type: 'low' | 'high'",
    );
  }
  const mapped = mapType(type, checker);
  if ('unmapped' in mapped) throw compileError(node.type ?? node, `the result: ${mapped.unmapped}`, RESULTS);
  if (mapped.shape.kind === 'json' && members.length === 1) return readObject(members[0]!, node, checker);
  throw compileError(
    node.type ?? node,
    `the result: ${checker.typeToString(type)} is no type of a prediction`,
    RESULTS,
  );
}

function presentOf(type: ts.Type): readonly ts.Type[] {
  const members = type.isUnion() ? type.types : [type];
  return members.filter(
    (member) => (member.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.Void)) === 0,
  );
}

function labelsOf(members: readonly ts.Type[]): readonly string[] | undefined {
  const literals = literalsOf(members);
  return literals?.every((value) => typeof value === 'string') ? (literals as string[]) : undefined;
}

const PROPERTIES = ['value', 'label', 'probabilities', 'raw', 'values'] as const;

function readObject(type: ts.Type, node: FunctionNode, checker: ts.TypeChecker): ResultSpec {
  const where = node.type ?? node;
  const properties = new Map(checker.getPropertiesOfType(type).map((each) => [each.getName(), each]));
  const unknown = [...properties.keys()].find((name) => !(PROPERTIES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw compileError(where, `the result's '${unknown}' is no part of a prediction`, RESULTS);
  }
  const typesOf = (name: (typeof PROPERTIES)[number]) => {
    const property = properties.get(name);
    return property === undefined ? [] : presentOf(checker.getTypeOfSymbolAtLocation(property, where));
  };
  const value = typesOf('value');
  if (value.length === 0 || value.some((member) => (member.flags & ts.TypeFlags.NumberLike) === 0)) {
    throw compileError(where, "the result's 'value' has to be a number, or null", RESULTS);
  }
  const probabilities = properties.has('probabilities')
    ? probabilityLabels(typesOf('probabilities'), where, checker)
    : undefined;
  const labels = properties.has('label') ? labelsOf(typesOf('label')) : probabilities;
  if (properties.has('label') && labels === undefined) {
    throw compileError(
      where,
      "the result's 'label' names no classes",
      "name them in its type: label: 'low' | 'high'",
    );
  }
  if (probabilities !== undefined && probabilities.join('\0') !== labels!.join('\0')) {
    throw compileError(
      where,
      `the label is one of ${labels!.join(', ')}, the probabilities are of ${probabilities.join(', ')}`,
      'give both the same classes',
    );
  }
  return {
    kind: 'object',
    ...(labels === undefined ? {} : { labels }),
    hasProbabilities: probabilities !== undefined,
    raw: properties.has('raw') ? countNumbers('raw', typesOf('raw'), where, checker) : 0,
    values: properties.has('values') ? countNumbers('values', typesOf('values'), where, checker) : 0,
  };
}

function probabilityLabels(
  types: readonly ts.Type[],
  where: ts.Node,
  checker: ts.TypeChecker,
): readonly string[] {
  const properties = types.length === 1 ? checker.getPropertiesOfType(types[0]!) : [];
  const numbers = properties.every((property) => {
    const members = presentOf(checker.getTypeOfSymbolAtLocation(property, where));
    return members.length > 0 && members.every((member) => (member.flags & ts.TypeFlags.NumberLike) !== 0);
  });
  if (properties.length > 0 && numbers) return properties.map((property) => property.getName()).sort();
  throw compileError(
    where,
    "the result's 'probabilities' have to be an object of numbers whose keys are the classes",
    'write its type out: probabilities: { low: number; high: number }, or Record<Label, number>',
  );
}

/** Numbers in a tuple: the columns of a prediction are as many for every row. */
function countNumbers(
  name: string,
  types: readonly ts.Type[],
  where: ts.Node,
  checker: ts.TypeChecker,
): number {
  const [type] = types;
  if (types.length === 1 && (type!.flags & ts.TypeFlags.NumberLike) !== 0) return 1;
  if (types.length === 1 && checker.isTupleType(type!)) {
    const { target } = type as ts.TupleTypeReference;
    const elements = checker.getTypeArguments(type as ts.TypeReference);
    const fixed = target.elementFlags.every((flags) => flags === ts.ElementFlags.Required);
    if (fixed && elements.every((element) => (element.flags & ts.TypeFlags.NumberLike) !== 0))
      return elements.length;
  }
  throw compileError(
    where,
    `the result's '${name}' does not say how many numbers it holds`,
    `write a tuple: ${name}: [number, number]`,
  );
}
