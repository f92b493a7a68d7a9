import path from 'node:path';
import ts from 'typescript';
import { PgscoreError } from '../errors.ts';
import type { Engine } from './convert.ts';

/** A scorer's source, checked. */
export interface CheckedSource {
  readonly checker: ts.TypeChecker;
  readonly file: ts.SourceFile;
  readonly program: ts.Program;
}

/** The rules for a source that has no tsconfig.json above it: strict, and only what every engine has. */
const defaultOptions: ts.CompilerOptions = {
  strict: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  esModuleInterop: true,
  skipLibCheck: true,
  types: [],
};

/** Names that both engines or the compile step provide, and that a source may use undeclared. */
const engineNames = new Set([
  'plv8',
  'pljs',
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
  'DEBUG1',
  'DEBUG2',
  'DEBUG3',
  'DEBUG4',
  'DEBUG5',
  'LOG',
  'INFO',
  'NOTICE',
  'WARNING',
  'ERROR',
]);

/**
 * Parses and type-checks one source with all that it imports, by the rules of the nearest tsconfig.json.
 *
 * @param contents the text, when it is not (or not yet) the file at `fileName`.
 * @throws PgscoreError PGS_COMPILE with every syntax and type error, each with file, line and column.
 */
export function checkSource(fileName: string, engine: Engine, contents?: string): CheckedSource {
  const { options, declarations } = readConfig(fileName);
  const host = ts.createCompilerHost(options, true);
  if (contents !== undefined) overlay(host, fileName, contents);
  const program = ts.createProgram({ rootNames: [fileName, ...declarations], options, host });
  const file = program.getSourceFile(fileName);
  if (file === undefined) {
    throw new PgscoreError('PGS_COMPILE', `${displayPath(fileName)}: the file cannot be read`, {
      hint: 'give the path of a TypeScript file',
    });
  }
  const errors = diagnose(program, engine);
  if (errors.length > 0) throw new PgscoreError('PGS_COMPILE', errors.map(describe).join('\n'));
  return { checker: program.getTypeChecker(), file, program };
}

/** An error at a place in the source. */
export function compileError(node: ts.Node, message: string, hint?: string): PgscoreError {
  return new PgscoreError(
    'PGS_COMPILE',
    `${positionOf(node)}: ${message}`,
    hint === undefined ? {} : { hint },
  );
}

/** file:line:column of a place in the source. */
export function positionOf(node: ts.Node): string {
  return position(node.getSourceFile(), node.getStart());
}

function readConfig(fileName: string): { options: ts.CompilerOptions; declarations: readonly string[] } {
  const configPath = ts.findConfigFile(path.dirname(fileName), ts.sys.fileExists);
  if (configPath === undefined) return { options: { ...defaultOptions, noEmit: true }, declarations: [] };
  const { config, error } = ts.readConfigFile(configPath, ts.sys.readFile);
  if (error !== undefined) throw new PgscoreError('PGS_COMPILE', describe(error));
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(configPath));
  const fatal = parsed.errors.filter(({ code }) => code !== NO_INPUTS);
  if (fatal.length > 0) throw new PgscoreError('PGS_COMPILE', fatal.map(describe).join('\n'));
  const { rootDir: _rootDir, tsBuildInfoFile: _buildInfo, ...options } = parsed.options;
  return {
    options: { ...options, noEmit: true, composite: false, incremental: false },
    declarations: parsed.fileNames.filter((name) => /\.d\.[cm]?ts$/.test(name)),
  };
}

/** "No inputs were found in config file": the source need not be one of the configuration's own. */
const NO_INPUTS = 18003;
const CANNOT_FIND_NAME = new Set([2304, 2552, 2580, 2584]);

function overlay(host: ts.CompilerHost, fileName: string, contents: string): void {
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => name === fileName || fileExists(name);
  host.readFile = (name) => (name === fileName ? contents : readFile(name));
  host.getSourceFile = (name, target, ...rest) =>
    name === fileName
      ? ts.createSourceFile(name, contents, target, true)
      : getSourceFile(name, target, ...rest);
}

function diagnose(program: ts.Program, engine: Engine): readonly ts.Diagnostic[] {
  const own = program
    .getSourceFiles()
    .filter((file) => !file.isDeclarationFile && !program.isSourceFileFromExternalLibrary(file));
  return [
    ...program.getOptionsDiagnostics(),
    ...own.flatMap((file) => [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]),
  ].filter(
    (diagnostic) => diagnostic.category === ts.DiagnosticCategory.Error && !isEngineName(diagnostic, engine),
  );
}

function isEngineName({ code, file, start, length }: ts.Diagnostic, engine: Engine): boolean {
  if (!CANNOT_FIND_NAME.has(code) || file === undefined || start === undefined) return false;
  const name = file.text.slice(start, start + (length ?? 0));
  return engineNames.has(name) || (name === 'console' && engine === 'plv8');
}

function describe({ file, start, messageText, code }: ts.Diagnostic): string {
  const text = `${ts.flattenDiagnosticMessageText(messageText, '\n')} (TS${code})`;
  return file === undefined || start === undefined ? text : `${position(file, start)}: ${text}`;
}

function position(file: ts.SourceFile, start: number): string {
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return `${displayPath(file.fileName)}:${line + 1}:${character + 1}`;
}

/** Relative to the working directory when the file lies below it. */
export function displayPath(fileName: string): string {
  const relative = path.relative(process.cwd(), fileName);
  return relative.startsWith('..') ? fileName : relative;
}
