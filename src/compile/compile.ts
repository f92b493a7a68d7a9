import path from 'node:path';
import { Script } from 'node:vm';
import { type Bundle, bundle, sessionCached } from './bundle.ts';
import { argumentConversion, type Conversion, type Engine, resultConversion } from './convert.ts';
import { createFunction, qualifiedName } from './create-function.ts';
import { exportedFunctions, type SourceFunction, type SourceParameter } from './functions.ts';
import { checkSource, compileError } from './program.ts';
import { parseIdentifier, type SqlReturn, type SqlType } from './sql-type.ts';
import type { Parallel, Volatility } from './tags.ts';
import { inferSqlType, type Shape } from './type-map.ts';

export interface CompileOptions {
  /** The language of the functions; default `plv8`. */
  readonly engine?: Engine;
  /** The schema of functions that no tag puts elsewhere; default none: the search_path decides at CREATE. */
  readonly schema?: string;
}

export interface CompiledArgument {
  readonly name: string;
  readonly sqlType: string;
}

export interface CompiledFunction {
  /** As PostgreSQL stores it: the source's name with ASCII letters in lower case. */
  readonly name: string;
  readonly schema: string | undefined;
  readonly arguments: readonly CompiledArgument[];
  /** As it stands after RETURNS. */
  readonly returns: string;
  readonly volatility: Volatility;
  readonly parallel: Parallel;
  readonly strict: boolean;
  readonly isTrigger: boolean;
  readonly setOf: boolean;
  /** `"scoring"."churn"(float8, text)`: what GRANT and DROP FUNCTION take. */
  readonly signature: string;
  /** JavaScript. */
  readonly body: string;
  /** The CREATE FUNCTION statement. */
  readonly sql: string;
}

export interface CompiledModule {
  readonly engine: Engine;
  readonly bundle: Bundle;
  readonly functions: readonly CompiledFunction[];
  /** All statements, in the order of the source. */
  readonly sql: string;
}

/**
 * Compiles the exported functions of a TypeScript file to CREATE FUNCTION statements.
 *
 * @throws PgscoreError PGS_COMPILE with file, line and column.
 */
export async function compileFile(fileName: string, options: CompileOptions = {}): Promise<CompiledModule> {
  return await compileChecked(path.resolve(fileName), undefined, options);
}

/**
 * The same for a text. `fileName` names it in errors, and its imports and tsconfig.json are looked up from there.
 */
export async function compileSource(
  contents: string,
  fileName: string,
  options: CompileOptions = {},
): Promise<CompiledModule> {
  return await compileChecked(path.resolve(fileName), contents, options);
}

async function compileChecked(
  fileName: string,
  contents: string | undefined,
  options: CompileOptions,
): Promise<CompiledModule> {
  const engine = options.engine ?? 'plv8';
  const source = checkSource(fileName, engine, contents);
  const planned = exportedFunctions(source).map((found) => plan(found, engine));
  checkDistinct(planned);
  const bundled = await bundle(
    { contents: entryText(fileName, planned), resolveDir: path.dirname(fileName), name: 'pgscore-entry.ts' },
    {
      define: engineNames(engine),
      inject: [runtimePath('runtime-trigger')],
      ...(contents === undefined ? {} : { overlay: new Map([[fileName, contents]]) }),
    },
  );
  const functions = planned.map((found) => finish(found, bundled, engine, options.schema));
  const header = `-- ${path.basename(fileName).replace(/\s/g, ' ')}, compiled by pgscore for ${engine}\n`;
  return { engine, bundle: bundled, functions, sql: [header, ...functions.map(({ sql }) => sql)].join('\n') };
}

/** The engine's object has one name on each engine; a source may use either. */
function engineNames(engine: Engine): Record<string, string> {
  const other = engine === 'plv8' ? 'pljs' : 'plv8';
  return { PGSCORE_ENGINE: JSON.stringify(engine), [other]: engine };
}

/** Runs beside this file: TypeScript in the sources, JavaScript in the package. */
function runtimePath(name: string): string {
  return path.join(import.meta.dirname, `${name}${path.extname(import.meta.filename)}`);
}

/** A function with its SQL types chosen and its conversions known. */
interface PlannedFunction {
  readonly source: SourceFunction;
  readonly arguments: readonly CompiledArgument[];
  readonly returns: SqlReturn | 'trigger';
  /** The bundle's export that takes the SQL arguments and gives the SQL result, as an arrow function. */
  readonly wrapper: string;
}

function plan(source: SourceFunction, engine: Engine): PlannedFunction {
  checkJavaScriptNames(source, engine);
  if (source.tags.isTrigger) return planTrigger(source);
  const parameters = source.parameters.map((parameter) => planParameter(parameter, source, engine));
  const { returns, convert } = planResult(source, engine);
  checkTableNames(source, returns);
  const names = parameters.map((_, index) => `a${index}`);
  const call = `source.${source.exportName}(${parameters.map(({ code }, i) => applied(code, names[i]!)).join(',')})`;
  return {
    source,
    arguments: parameters.map(({ name, sqlType }) => ({ name, sqlType })),
    returns,
    wrapper: `(${names.join(',')})=>${applied(convert, call)}`,
  };
}

function applied(code: string | undefined, value: string): string {
  return code === undefined ? value : `(${code})(${value})`;
}

function planParameter(
  parameter: SourceParameter,
  { tags }: SourceFunction,
  engine: Engine,
): CompiledArgument & { readonly code: string | undefined } {
  const tagged = tags.parameters.get(parameter.name);
  const shape = mappedShape(parameter.shape, tagged, parameter.node, `parameter '${parameter.name}'`);
  if (shape.kind === 'void' && tagged === undefined) {
    throw compileError(
      parameter.node,
      `parameter '${parameter.name}': a type without values has no SQL type`,
    );
  }
  const type = tagged ?? inferSqlType(shape);
  const conversion = argumentConversion(type, shape, engine);
  if ('mismatch' in conversion) {
    throw compileError(
      parameter.node,
      `parameter '${parameter.name}': ${conversion.mismatch}`,
      `change the type or the tag @plv8ify_param {sql type} ${parameter.name}`,
    );
  }
  const code = parameter.nullMeansAbsent ? withDefault(conversion) : conversion.code;
  return { name: parameter.sqlName, sqlType: type.text, code };
}

function withDefault(conversion: Conversion & { readonly code: string | undefined }): string {
  return conversion.code === undefined ? 'R.defaulted' : `(v)=>R.defaulted((${conversion.code})(v))`;
}

/** A tag overrules a type without a mapping, except one that no value can have in SQL. */
function mappedShape(
  shape: Shape | { readonly unmapped: string },
  tagged: SqlType | SqlReturn | undefined,
  node: Parameters<typeof compileError>[0],
  what: string,
): Shape {
  if (!('unmapped' in shape)) return shape;
  if (tagged !== undefined && !/asynchronous|function|symbol/.test(shape.unmapped)) return { kind: 'any' };
  throw compileError(
    node,
    `${what}: ${shape.unmapped}`,
    'use number, string, boolean, bigint, Date, Uint8Array, arrays of these, or what JSON carries',
  );
}

function planResult(
  { tags, result, node }: SourceFunction,
  engine: Engine,
): { returns: SqlReturn; convert: string | undefined } {
  const shape = mappedShape(result, tags.returns, node, 'the result');
  const returns = tags.returns ?? inferReturn(shape);
  const conversion = resultConversion(returns, shape, engine);
  if ('mismatch' in conversion) {
    throw compileError(
      node,
      `the result: ${conversion.mismatch}`,
      'change the type or the tag @plv8ify_return',
    );
  }
  return { returns, convert: conversion.code };
}

function inferReturn(shape: Shape): SqlReturn {
  return shape.kind === 'iterable'
    ? { kind: 'set', type: inferSqlType(shape.element) }
    : { kind: 'value', type: inferSqlType(shape) };
}

const triggerVariables = [
  'NEW',
  'OLD',
  'TG_NAME',
  'TG_WHEN',
  'TG_LEVEL',
  'TG_OP',
  'TG_RELID',
  'TG_TABLE_NAME',
  'TG_TABLE_SCHEMA',
  'TG_ARGV',
] as const;

function planTrigger(source: SourceFunction): PlannedFunction {
  const names = source.parameters.map(({ name, node }) => {
    if ((triggerVariables as readonly string[]).includes(name)) return `t.${name}`;
    throw compileError(
      node,
      `a trigger has no variable '${name}'`,
      `the variables are ${triggerVariables.join(', ')}`,
    );
  });
  if ('unmapped' in source.result) throw compileError(source.node, `the result: ${source.result.unmapped}`);
  return {
    source,
    arguments: [],
    returns: 'trigger',
    wrapper: `(t)=>runTrigger(t,()=>source.${source.exportName}(${names.map((name) => `${name}??null`).join(',')}))`,
  };
}

/** Words that JavaScript does not take for a parameter's or a function's name, and names that the body itself uses. */
const javaScriptWords = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield plv8 pljs`.split(/\s+/),
);

/** Both engines name the JavaScript parameters as SQL does, PLJS also the function: folding may make a reserved word. */
function checkJavaScriptNames(
  { sqlName, name, parameters, tags, node }: SourceFunction,
  engine: Engine,
): void {
  if (engine === 'pljs' && javaScriptWords.has(sqlName)) {
    throw compileError(node, `PLJS cannot name a function '${sqlName}'`, `rename ${name}`);
  }
  if (tags.isTrigger) return;
  const seen = new Map<string, string>();
  for (const parameter of parameters) {
    const twin = seen.get(parameter.sqlName);
    if (twin !== undefined) {
      throw compileError(
        parameter.node,
        `'${twin}' and '${parameter.name}' are the same name in SQL`,
        'rename one',
      );
    }
    if (javaScriptWords.has(parameter.sqlName)) {
      throw compileError(
        parameter.node,
        `the engine cannot name an argument '${parameter.sqlName}'`,
        `rename ${parameter.name}`,
      );
    }
    seen.set(parameter.sqlName, parameter.name);
  }
}

/** PostgreSQL takes the columns of a TABLE for further parameters. */
function checkTableNames({ parameters, node }: SourceFunction, returns: SqlReturn): void {
  if (returns.kind !== 'table') return;
  const taken = new Set(parameters.map(({ sqlName }) => sqlName));
  for (const { name } of returns.columns) {
    if (taken.has(name)) {
      throw compileError(
        node,
        `the name '${name}' is used twice among arguments and table columns`,
        'rename one',
      );
    }
    taken.add(name);
  }
}

function checkDistinct(planned: readonly PlannedFunction[]): void {
  const seen = new Map<string, string>();
  for (const { source } of planned) {
    const key = JSON.stringify([source.tags.schema, source.sqlName]);
    const twin = seen.get(key);
    if (twin !== undefined) {
      throw compileError(
        source.node,
        `'${twin}' and '${source.name}' are the same name in SQL`,
        'rename one',
      );
    }
    seen.set(key, source.name);
  }
}

/** The bundle's entry: one export for each function, in SQL's terms. */
function entryText(fileName: string, planned: readonly PlannedFunction[]): string {
  const wrappers = planned.map(({ source, wrapper }) => `export const ${exportOf(source)}=${wrapper};`);
  return [
    `import * as source from ${JSON.stringify(fileName)};`,
    `import * as R from ${JSON.stringify(runtimePath('runtime'))};`,
    `import {runTrigger} from ${JSON.stringify(runtimePath('runtime-trigger'))};`,
    ...wrappers,
    '',
  ].join('\n');
}

/** `source`, `R` and `runTrigger` are names of the entry. */
function exportOf({ name }: SourceFunction): string {
  return `sql_${name}`;
}

function finish(
  { source, arguments: declared, returns, wrapper: _wrapper }: PlannedFunction,
  bundled: Bundle,
  engine: Engine,
  schema: string | undefined,
): CompiledFunction {
  const { tags, sqlName } = source;
  const passed = tags.isTrigger
    ? `{${triggerVariables.join(',')}}`
    : declared.map(({ name }) => name).join(',');
  const body = `return ${sessionCached(bundled)}.${exportOf(source)}(${passed});`;
  checkSyntax(body, tags.isTrigger ? triggerVariables : declared.map(({ name }) => name));
  const common = {
    name: sqlName,
    schema: tags.schema ?? (schema === undefined ? undefined : parseIdentifier(schema).name),
    arguments: declared,
    returns: returnsText(returns),
    volatility: tags.volatility,
    parallel: tags.parallel,
    strict: tags.strict,
    body,
  };
  return {
    ...common,
    isTrigger: tags.isTrigger,
    setOf: returns !== 'trigger' && returns.kind !== 'value',
    signature: `${qualifiedName(common)}(${declared.map(({ sqlType }) => sqlType).join(', ')})`,
    sql: createFunction({ ...common, language: engine }),
  };
}

function returnsText(returns: SqlReturn | 'trigger'): string {
  if (returns === 'trigger') return returns;
  if (returns.kind === 'table') return returns.text;
  return returns.kind === 'set' ? `SETOF ${returns.type.text}` : returns.type.text;
}

/** PLJS finds a syntax error only when the function is first called. */
function checkSyntax(body: string, parameters: readonly string[]): void {
  new Script(`(function(${parameters.join(',')}){${body}\n})`);
}
