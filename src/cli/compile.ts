import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { type ModuleContent, writeModuleTypes, writeProgramModule } from '../codegen/module.ts';
import { compileProgram } from '../codegen/program.ts';
import type { Engine } from '../compile/convert.ts';
import { connect } from '../db/connect.ts';
import { detectEngine } from '../db/engine.ts';
import { PgscoreError } from '../errors.ts';
import { addModelOptions, isTypeScript, type ModelOptions, readModel, readScorer } from './model-file.ts';

interface CompileArguments extends ModelOptions {
  readonly engine: Engine | 'auto';
  readonly schema?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `pgscore compile FILE`: TypeScript functions to SQL, or a model file or a scorer to a JavaScript module. */
export function compileCommand(): Command {
  return addModelOptions(new Command('compile'))
    .description(
      'compile exported TypeScript functions to CREATE FUNCTION statements, or a model file to a JavaScript module',
    )
    .argument(
      '<file>',
      'a .ts file, with plv8ify tags where SQL needs more than the types say, or a model file or directory',
    )
    .option(
      '--out <file>',
      'write the result to this file instead of printing it; a module gets its types beside it, and a .ts file ' +
        'becomes a module when the name ends in .mjs or .js',
    )
    .addOption(
      new Option('--engine <engine>', 'for TypeScript: the language of the functions; auto asks the database')
        .choices(['plv8', 'pljs', 'auto'])
        .default('plv8'),
    )
    .option('--schema <schema>', 'for TypeScript: the schema of functions without @plv8ify_schema_name')
    .option('--json', 'print one JSON object about the result')
    .action((file: string, options: CompileArguments) =>
      isTypeScript(file) && !isModule(options.out)
        ? compileFunctions(file, options)
        : compileModel(file, options),
    );
}

async function compileFunctions(file: string, { out, json, ...options }: CompileArguments): Promise<void> {
  // The TypeScript compiler takes a while to load: other commands do not wait for it.
  const { compileFile } = await import('../compile/compile.ts');
  const chosen = options.engine === 'auto' ? await databaseEngine() : options.engine;
  const { functions, engine, bundle, sql } = await compileFile(file, { ...options, engine: chosen });
  if (out !== undefined) await write(out, sql);
  if (json === true) console.log(JSON.stringify({ engine, hash: bundle.hash, out: out ?? null, functions }));
  else if (out === undefined) process.stdout.write(sql);
  else console.log(`${out}: ${functions.map(({ signature }) => signature).join(', ')}`);
}

function isModule(out: string | undefined): boolean {
  return out !== undefined && /\.m?js$/.test(out);
}

async function compileModel(path: string, { out, json, ...options }: CompileArguments): Promise<void> {
  const { name, ...content } = await readContent(path, options);
  const code = await writeProgramModule(content, name);
  if (out !== undefined) await write(out, code);
  if (out !== undefined && isModule(out)) {
    await write(
      out.replace(/js$/, 'ts').replace(/\.(m?ts)$/, '.d.$1'),
      writeModuleTypes(content.signature, name),
    );
  }
  const { task, features } = content.signature;
  const names = features.map((feature) => feature.name);
  if (json === true)
    console.log(JSON.stringify({ out: out ?? null, task, features: names, bytes: Buffer.byteLength(code) }));
  else if (out === undefined) process.stdout.write(code);
  else
    console.log(`${out}: score(row), ${task}, ${features.length} features, ${Buffer.byteLength(code)} bytes`);
}

async function readContent(
  path: string,
  options: ModelOptions,
): Promise<ModuleContent & { readonly name: string }> {
  if (isTypeScript(path)) {
    const { file, ...content } = await readScorer(path, options);
    return { name: file.name, ...content };
  }
  const { file, imported } = await readModel(path, options);
  const { model, source } = imported;
  return { name: file.name, signature: model, program: await compileProgram(model), source };
}

/** The language of the database that DATABASE_URL or the PG* variables name, else of the local server. */
async function databaseEngine(): Promise<Engine> {
  const client = await connect();
  try {
    return await detectEngine(client);
  } finally {
    await client.end();
  }
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: Error) => {
    throw new PgscoreError('PGS_USAGE', `--out ${file}: ${cause.message}`, { cause });
  });
}
