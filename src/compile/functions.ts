import ts from 'typescript';
import { PgscoreError } from '../errors.ts';
import { type CheckedSource, compileError, displayPath } from './program.ts';
import { foldCase } from './sql-type.ts';
import { type FunctionTags, readTags } from './tags.ts';
import { mapType, type Shape } from './type-map.ts';

export interface SourceParameter {
  /** As the source spells it. */
  readonly name: string;
  /** As SQL names it: folded like an unquoted name. */
  readonly sqlName: string;
  readonly shape: Shape | { readonly unmapped: string };
  /** NULL stands for "not given": the parameter is optional or has a default, and does not take null itself. */
  readonly nullMeansAbsent: boolean;
  readonly node: ts.Node;
}

/** An exported function of a scorer, before any SQL type is chosen. */
export interface SourceFunction {
  readonly name: string;
  readonly sqlName: string;
  /** The property of the module: `name`, or `default`. */
  readonly exportName: string;
  readonly parameters: readonly SourceParameter[];
  readonly result: Shape | { readonly unmapped: string };
  readonly tags: FunctionTags;
  readonly node: ts.Node;
}

export type FunctionNode = ts.FunctionDeclaration | ts.ArrowFunction | ts.FunctionExpression;

/** PostgreSQL cuts longer names. */
const MAX_NAME_BYTES = 63;
const MAX_ARGUMENTS = 100;

/**
 * The functions that a source declares and exports, in its order: declarations, and constants that hold a function.
 * What it only passes on from other modules is not among them.
 */
export function exportedFunctions(source: CheckedSource): readonly SourceFunction[] {
  return listExportedFunctions(source).map(({ exportName, node }) =>
    readFunction(exportName, node, source.checker),
  );
}

/** A function that a source exports: the property of the module, `default` perhaps, and where it is written. */
export interface ExportedFunction {
  readonly exportName: string;
  readonly node: FunctionNode;
}

/** The same functions, whatever their parameters. Throws PGS_COMPILE when there are none. */
export function listExportedFunctions({ checker, file }: CheckedSource): readonly ExportedFunction[] {
  const module = checker.getSymbolAtLocation(file);
  const exported = module === undefined ? [] : checker.getExportsOfModule(module);
  const functions = exported
    .map((symbol) => ({ exportName: symbol.getName(), node: functionNode(symbol, checker) }))
    .filter((found): found is ExportedFunction => found.node?.getSourceFile() === file)
    .sort((left, right) => left.node.pos - right.node.pos);
  if (functions.length === 0) {
    throw new PgscoreError('PGS_COMPILE', `${displayPath(file.fileName)}: the file exports no function`, {
      hint: 'write export before each function that shall become an SQL function',
    });
  }
  return functions;
}

function functionNode(symbol: ts.Symbol, checker: ts.TypeChecker): FunctionNode | undefined {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  for (const declaration of target.declarations ?? []) {
    if (ts.isFunctionDeclaration(declaration) && declaration.body !== undefined) return declaration;
    const value = ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
    if (value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))) return value;
  }
  return undefined;
}

function readFunction(exportName: string, node: FunctionNode, checker: ts.TypeChecker): SourceFunction {
  const name = exportName === 'default' ? ownName(node) : exportName;
  checkName(name, 'function', node);
  const signature = checker.getSignatureFromDeclaration(node)!;
  const parameters = node.parameters.map((parameter) => readParameter(parameter, checker));
  if (parameters.length > MAX_ARGUMENTS) {
    throw compileError(
      node,
      `the function has ${parameters.length} parameters, PostgreSQL takes ${MAX_ARGUMENTS}`,
      'take an array (number[]) or an object',
    );
  }
  const mapped = mapType(signature.getReturnType(), checker);
  return {
    name,
    sqlName: foldCase(name),
    exportName,
    parameters,
    result: 'unmapped' in mapped ? mapped : mapped.shape,
    tags: readTags(
      node,
      parameters.map((parameter) => parameter.name),
    ),
    node,
  };
}

function ownName(node: FunctionNode): string {
  const name = node.name?.text;
  if (name !== undefined) return name;
  throw compileError(
    node,
    'a default export without a name cannot become an SQL function',
    'name the function',
  );
}

function readParameter(parameter: ts.ParameterDeclaration, checker: ts.TypeChecker): SourceParameter {
  if (!ts.isIdentifier(parameter.name)) {
    throw compileError(parameter, 'a destructured parameter has no name for SQL', 'name the parameter');
  }
  if (parameter.dotDotDotToken !== undefined) {
    throw compileError(parameter, 'a rest parameter cannot become an SQL argument', 'take an array');
  }
  const name = parameter.name.text;
  checkName(name, 'parameter', parameter);
  const type = checker.getTypeAtLocation(parameter);
  const mapped = mapType(type, checker);
  const optional = parameter.questionToken !== undefined || parameter.initializer !== undefined;
  return {
    name,
    sqlName: foldCase(name),
    shape: 'unmapped' in mapped ? mapped : mapped.shape,
    nullMeansAbsent: optional && !takesNull(type),
    node: parameter,
  };
}

function takesNull(type: ts.Type): boolean {
  const members = type.isUnion() ? type.types : [type];
  return members.some((member) => (member.flags & (ts.TypeFlags.Null | ts.TypeFlags.Any)) !== 0);
}

function checkName(name: string, what: string, node: ts.Node): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw compileError(
      node,
      `the ${what} name '${name}' is longer than the ${MAX_NAME_BYTES} bytes of an SQL name`,
    );
  }
}
