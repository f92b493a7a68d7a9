import { createHash } from 'node:crypto';
import path from 'node:path';
import type { BuildFailure, BuildOptions, Message, Plugin } from 'esbuild';
import { PgscoreError } from '../errors.ts';

/**
 * The language level of the bundle's syntax. PL/v8 3 is built on V8 9 to 11, PLJS on QuickJS: all of them parse
 * ES2020, and PLJS reports what it cannot parse only when the function is first called.
 * Only syntax is lowered, not the library: `Array.prototype.at` and the like are the source's own business.
 */
const LANGUAGE_LEVEL = 'es2020';

/** What esbuild starts from: a file, or text whose imports are resolved from `resolveDir`. */
export type BundleEntry =
  | { readonly path: string }
  | {
      readonly contents: string;
      readonly resolveDir: string;
      /** The name that errors give the text; default `<source>`. */
      readonly name?: string;
    };

export interface BundleOptions {
  /** Default true. False keeps names and line breaks, for reading. */
  readonly minify?: boolean;
  /** Compile-time constants, each an identifier or JSON text, as esbuild's `define`. */
  readonly define?: Readonly<Record<string, string>>;
  /** Files whose exports stand for free names of the same name, in every module of the bundle. */
  readonly inject?: readonly string[];
  /** Texts that stand for files, by absolute path. */
  readonly overlay?: ReadonlyMap<string, string>;
}

/** A bundle to be read: neither minified nor wrapped, with the place that each part comes from. */
export interface ReadableBundle {
  readonly code: string;
  /** Source map, JSON. Its sources are relative to the working directory. */
  readonly map: string;
}

export interface Bundle {
  /** One JavaScript expression, ASCII only, whose value is a plain object of the entry's exports. */
  readonly code: string;
  /** SHA-256 of `code`, 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * Bundles an entry and all that it imports, npm packages included, without what its exports do not reach.
 * Modules of Node itself (`node:fs`) do not exist in the database and are errors.
 *
 * @throws PgscoreError PGS_COMPILE with file, line and column.
 */
export async function bundle(entry: BundleEntry, options: BundleOptions = {}): Promise<Bundle> {
  const { text } = await runEsbuild(entry, options);
  // esbuild defines exports as getters; the copy makes them data properties, which are faster to read on every row.
  const code = `((module)=>{${text.trimEnd()}\nreturn{...module.exports}})({exports:{}})`;
  return { code, hash: createHash('sha256').update(code).digest('hex') };
}

/** The same code as a module that names and lines can be looked up in. Throws as `bundle` does. */
export async function readableBundle(
  entry: BundleEntry,
  options: BundleOptions = {},
): Promise<ReadableBundle> {
  const { text, map } = await runEsbuild(
    entry,
    { ...options, minify: false },
    { outfile: 'bundle.js', sourcemap: 'external' },
  );
  return { code: text, map };
}

/**
 * An expression that yields the bundle's exports. The first evaluation in a session runs the bundle and keeps its
 * exports on globalThis under the content hash; every later one, from whichever function, is a property read.
 */
export function sessionCached(bundled: Bundle): string {
  const slot = `globalThis["pgscore:${bundled.hash}"]`;
  return `(${slot}??(${slot}=${bundled.code}))`;
}

async function runEsbuild(
  entry: BundleEntry,
  options: BundleOptions,
  output: Pick<BuildOptions, 'outfile' | 'sourcemap'> = {},
): Promise<{ text: string; map: string }> {
  const source =
    'path' in entry
      ? { entryPoints: [entry.path] }
      : {
          stdin: {
            contents: entry.contents,
            resolveDir: entry.resolveDir,
            sourcefile: entry.name ?? '<source>',
            loader: 'ts' as const,
          },
        };
  // Loaded when the first bundle is made, and not by whoever only imports the library.
  const { build } = await import('esbuild');
  try {
    const result = await build({
      ...source,
      define: { 'process.env.NODE_ENV': '"production"', ...options.define },
      inject: [...(options.inject ?? [])],
      plugins: options.overlay === undefined ? [] : [overlayPlugin(options.overlay)],
      bundle: true,
      write: false,
      ...output,
      minify: options.minify ?? true,
      treeShaking: true,
      format: 'cjs',
      platform: 'browser',
      target: LANGUAGE_LEVEL,
      charset: 'ascii',
      legalComments: 'none',
      logLevel: 'silent',
    });
    const [code, map] = result.outputFiles.toReversed();
    return { text: code!.text, map: map?.text ?? '' };
  } catch (error) {
    throw isBuildFailure(error) ? compileError(error) : error;
  }
}

function overlayPlugin(overlay: ReadonlyMap<string, string>): Plugin {
  return {
    name: 'overlay',
    setup(api) {
      api.onResolve({ filter: /.*/ }, ({ path: imported }) =>
        overlay.has(imported) ? { path: imported } : undefined,
      );
      api.onLoad({ filter: /.*/ }, ({ path: file }) => {
        const contents = overlay.get(file);
        return contents === undefined
          ? undefined
          : { contents, loader: 'ts', resolveDir: path.dirname(file) };
      });
    },
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && Array.isArray((error as Partial<BuildFailure>).errors);
}

function compileError(failure: BuildFailure): PgscoreError {
  const message = failure.errors.map(describe).join('\n');
  const unresolved = failure.errors.some((error) => error.text.startsWith('Could not resolve'));
  const options = unresolved
    ? { hint: 'install the package beside the source; modules of Node itself do not exist in the database' }
    : {};
  return new PgscoreError('PGS_COMPILE', message, options);
}

function describe({ location, text }: Message): string {
  // esbuild counts columns from 0, editors and the TypeScript compiler from 1.
  return location === null ? text : `${location.file}:${location.line}:${location.column + 1}: ${text}`;
}
