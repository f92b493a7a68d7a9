import ts from 'typescript';
import { globalRemedy, impureDates, impureMembers, impureOf, pureGlobals, STATE } from './impure.ts';

/** A place where a scorer depends on something else than its arguments. */
export interface Impurity {
  readonly node: ts.Node;
  /** What is used, to be followed by "is not allowed". */
  readonly what: string;
  readonly remedy: string;
}

export interface PurityOptions {
  /** Names that the code around provides. */
  readonly provided?: ReadonlySet<string>;
  /** Whether a function that assigns to a variable of its module is a fault; bundlers write such functions. */
  readonly allowState?: boolean;
}

/**
 * Everything in a file that makes a function of it depend on the clock, on chance, on settings or on the outside, as
 * far as types and names show it. What is reached by computed names or by aliases of aliases stays unseen.
 */
export function findImpurities(
  file: ts.SourceFile,
  checker: ts.TypeChecker,
  { provided = new Set(), allowState = false }: PurityOptions = {},
): readonly Impurity[] {
  const found: Impurity[] = [];
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    const fault =
      globalFault(node, checker, provided) ??
      memberFault(node, checker) ??
      dateFault(node, checker) ??
      (allowState ? undefined : stateFault(node, checker));
    if (fault !== undefined) found.push({ node, ...fault });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

type Fault = Omit<Impurity, 'node'>;

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExpressionWithTypeArguments(node)) return false;
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
}

function globalFault(
  node: ts.Node,
  checker: ts.TypeChecker,
  provided: ReadonlySet<string>,
): Fault | undefined {
  if (!ts.isIdentifier(node) || !isReference(node)) return undefined;
  const { text } = node;
  if (pureGlobals.has(text) || provided.has(text) || ts.isTypeOfExpression(node.parent)) return undefined;
  const symbol = ts.isShorthandPropertyAssignment(node.parent)
    ? checker.getShorthandAssignmentValueSymbol(node.parent)
    : checker.getSymbolAtLocation(node);
  if (symbol !== undefined && !isAmbient(symbol)) return undefined;
  return { what: text, remedy: globalRemedy(text) };
}

/** Whether a name stands for a value here: it names no property and declares nothing. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isMetaProperty(parent)) return false;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  return (parent as { name?: ts.Node }).name !== node || ts.isShorthandPropertyAssignment(parent);
}

/** Declared, and not defined in what is compiled: by the standard library, or with `declare`. */
function isAmbient(symbol: ts.Symbol): boolean {
  const { declarations = [] } = symbol;
  return declarations.every(
    (declaration) => declaration.getSourceFile().isDeclarationFile || ts.findAncestor(declaration, declares),
  );
}

function declares(node: ts.Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
}

function memberFault(node: ts.Node, checker: ts.TypeChecker): Fault | undefined {
  const member = memberOf(node, checker);
  if (member === undefined) return undefined;
  const { name, symbol, owner } = member;
  if (symbol !== undefined && !isAmbient(symbol)) return undefined;
  const remedy = impureMembers.get(name);
  if (remedy !== undefined) return { what: `${name}()`, remedy };
  const type = symbol === undefined ? owner.symbol?.name : declaringType(symbol);
  const ofType = impureOf.get(`${type}.${name}`);
  if (ofType === undefined) return undefined;
  return { what: `${type === 'DateConstructor' ? 'Date' : type}.${name}()`, remedy: ofType };
}

interface Member {
  readonly name: string;
  readonly symbol: ts.Symbol | undefined;
  readonly owner: ts.Type;
}

/** `a.b`, `a['b']` and the b of `const { b } = a`. */
function memberOf(node: ts.Node, checker: ts.TypeChecker): Member | undefined {
  const named = (name: string, owner: ts.Type): Member => ({
    name,
    symbol: checker.getPropertyOfType(checker.getApparentType(checker.getNonNullableType(owner)), name),
    owner,
  });
  if (ts.isPropertyAccessExpression(node)) {
    return named(node.name.text, checker.getTypeAtLocation(node.expression));
  }
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return named(node.argumentExpression.text, checker.getTypeAtLocation(node.expression));
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const name = node.propertyName ?? node.name;
    if (ts.isIdentifier(name)) return named(name.text, checker.getTypeAtLocation(node.parent));
  }
  return undefined;
}

function declaringType(symbol: ts.Symbol): string | undefined {
  const parent = symbol.declarations?.[0]?.parent;
  return parent !== undefined && ts.isInterfaceDeclaration(parent) ? parent.name.text : undefined;
}

function dateFault(node: ts.Node, checker: ts.TypeChecker): Fault | undefined {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return undefined;
  if (checker.getTypeAtLocation(node.expression).symbol?.name !== 'DateConstructor') return undefined;
  if (ts.isCallExpression(node)) return impureDates.call;
  const [first, ...others] = node.arguments ?? [];
  if (first === undefined) return impureDates.now;
  if (others.length > 0) return impureDates.parts;
  if (ts.isStringLiteralLike(first) && /^\d{4}-\d\d-\d\d$|(Z|[+-]\d\d:\d\d)$/.test(first.text))
    return undefined;
  const isText = (checker.getTypeAtLocation(first).flags & ts.TypeFlags.StringLike) !== 0;
  return isText ? impureDates.text : undefined;
}

function stateFault(node: ts.Node, checker: ts.TypeChecker): Fault | undefined {
  const target = assignedName(node);
  if (target === undefined || ts.findAncestor(node, ts.isFunctionLike) === undefined) return undefined;
  const declaration = checker.getSymbolAtLocation(target)?.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return undefined;
  return ts.findAncestor(declaration, ts.isFunctionLike) === undefined ? STATE : undefined;
}

/** The variable that an assignment, ++ or -- changes. */
function assignedName(node: ts.Node): ts.Identifier | undefined {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    const assigns = kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
    return assigns && ts.isIdentifier(node.left) ? node.left : undefined;
  }
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return undefined;
  const counts =
    node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
  return counts && ts.isIdentifier(node.operand) ? node.operand : undefined;
}
