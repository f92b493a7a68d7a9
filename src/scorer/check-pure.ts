import { SourceMap } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import type { ReadableBundle } from '../compile/bundle.ts';
import { type CheckedSource, displayPath, positionOf } from '../compile/program.ts';
import { PgscoreError } from '../errors.ts';
import { findImpurities, type Impurity } from './purity.ts';

const MAX_SHOWN = 10;

/** Throws PGS_COMPILE for every place in the scorer's own files that makes it impure. */
export function checkOwnFiles({ program, checker }: CheckedSource): void {
  const own = program
    .getSourceFiles()
    .filter((file) => !file.isDeclarationFile && !program.isSourceFileFromExternalLibrary(file));
  refuse(
    own.flatMap((file) =>
      findImpurities(file, checker).map((fault) => ({ ...fault, where: positionOf(fault.node) })),
    ),
  );
}

/** The same for all that the bundle holds, npm packages included; unused parts are not in it. */
export function checkBundle({ code, map }: ReadableBundle): void {
  const { file, checker } = parseJavaScript(code);
  const sources = new SourceMap(JSON.parse(map));
  const faults = findImpurities(file, checker, {
    provided: new Set(['module', 'exports']),
    allowState: true,
  });
  refuse(faults.map((fault) => ({ ...fault, where: originOf(fault.node, file, sources) })));
}

function refuse(faults: readonly (Impurity & { readonly where: string })[]): void {
  if (faults.length === 0) return;
  const lines = faults
    .slice(0, MAX_SHOWN)
    .map(({ where, what }) => `${where}: ${what} is not allowed in a scorer`);
  if (faults.length > MAX_SHOWN) lines.push(`(and ${faults.length - MAX_SHOWN} more)`);
  const hint = [...new Set(faults.slice(0, MAX_SHOWN).map(({ remedy }) => remedy))].join('; ');
  throw new PgscoreError('PGS_COMPILE', lines.join('\n'), { hint });
}

/** Names are resolved, types as far as JavaScript shows them. */
function parseJavaScript(code: string): { file: ts.SourceFile; checker: ts.TypeChecker } {
  const name = '/bundle.js';
  const options: ts.CompilerOptions = {
    allowJs: true,
    noEmit: true,
    noResolve: false,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === name || fileExists(file);
  host.readFile = (file) => (file === name ? code : readFile(file));
  host.getSourceFile = (file, ...rest) =>
    file === name
      ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2022, true)
      : getSourceFile(file, ...rest);
  const program = ts.createProgram({ rootNames: [name], options, host });
  return { file: program.getSourceFile(name)!, checker: program.getTypeChecker() };
}

function originOf(node: ts.Node, file: ts.SourceFile, sources: SourceMap): string {
  const { line, character } = file.getLineAndCharacterOfPosition(node.getStart());
  const entry = sources.findEntry(line, character);
  if (!('originalSource' in entry)) return `the bundle, line ${line + 1}`;
  const source = displayPath(path.resolve(entry.originalSource));
  return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}
