import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type ProgramArgument, takesArrays } from '../codegen/arguments.ts';
import { KERNELS, type OutputLayout, type Program } from '../codegen/program.ts';
import { type BundleEntry, bundle, readableBundle } from '../compile/bundle.ts';
import { type ExportedFunction, type FunctionNode, listExportedFunctions } from '../compile/functions.ts';
import { checkSource, compileError, displayPath } from '../compile/program.ts';
import { PgscoreError } from '../errors.ts';
import type { ModelFile, ModelSource } from '../import/importer.ts';
import type { Feature, Task } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import type { ParameterSpec, ResultSpec, ScorerSpec } from '../plv8/scorer.ts';
import { checkBundle, checkOwnFiles } from './check-pure.ts';
import { readParameters } from './parameters.ts';
import { readResult } from './result.ts';

export interface HandWrittenScorer {
  readonly signature: Signature;
  readonly program: Program;
  readonly source: ModelSource;
  readonly file: ModelFile;
  /** SHA-256 of the code and the signature: two files that give the same are the same version. */
  readonly hash: string;
}

export interface ScorerOptions {
  /** The exported function; needed when the file exports several. */
  readonly function?: string;
}

/**
 * Compiles a scoring function written in TypeScript, with all that it imports, and reads its signature from its types.
 * Nothing of it is executed.
 *
 * @throws PgscoreError PGS_COMPILE with file, line and column: for what TypeScript refuses, for types that are no
 * features or predictions, and for code whose result may depend on more than its arguments. PGS_USAGE when it is not
 * clear which function is meant.
 */
export async function compileScorer(
  fileName: string,
  options: ScorerOptions = {},
): Promise<HandWrittenScorer> {
  const file = path.resolve(fileName);
  const bytes = await readFile(file).catch((cause: Error) => {
    throw new PgscoreError('PGS_FILE', `${fileName}: ${cause.message}`, { cause });
  });
  // PLJS has fewer names than PL/v8: a scorer is to run on both.
  const source = checkSource(file, 'pljs');
  const { exportName, node } = chooseFunction(listExportedFunctions(source), options.function, file);
  checkForm(node);
  const result = readResult(node, source.checker);
  const { form, parameters } = readParameters(node, source.checker);
  checkOwnFiles(source);
  const args = parameters.map(
    ({ type }, feature): ProgramArgument => (type === 'text' ? { feature, text: true } : { feature }),
  );
  const name = nameOf({ exportName, node });
  const spec: ScorerSpec = { name, form, parameters, result, inArrays: takesArrays(args) };
  const entry = entryOf(file, exportName, spec, args);
  checkBundle(await readableBundle(entry));
  const { code, hash } = await bundle(entry);
  const signature = signatureOf(spec);
  return {
    signature,
    program: { arguments: args, code, hash, outputs: layoutOf(result), throws: true },
    source: { format: 'typescript', formatVersion: null, objective: `${name}()`, notes: [] },
    file: { name: path.basename(file), bytes },
    hash: createHash('sha256')
      .update(JSON.stringify([code, signature]))
      .digest('hex'),
  };
}

function chooseFunction(
  functions: readonly ExportedFunction[],
  wanted: string | undefined,
  file: string,
): ExportedFunction {
  if (wanted === undefined && functions.length === 1) return functions[0]!;
  const chosen = functions.find((each) => each.exportName === wanted || nameOf(each) === wanted);
  if (chosen !== undefined) return chosen;
  const message =
    wanted === undefined
      ? `${displayPath(file)} exports several functions`
      : `${displayPath(file)} exports no function ${JSON.stringify(wanted)}`;
  throw new PgscoreError('PGS_USAGE', `${message}: ${functions.map(nameOf).join(', ')}`, {
    hint: 'Choose one with --function NAME.',
  });
}

function nameOf({ exportName, node }: ExportedFunction): string {
  return exportName === 'default' ? (node.name?.text ?? 'default') : exportName;
}

function checkForm(node: FunctionNode): void {
  const [generic] = node.typeParameters ?? [];
  if (generic === undefined) return;
  throw compileError(
    generic,
    `the type parameter '${generic.name.text}' leaves the features without types`,
    'write the types out, or export a function that calls this one with definite types',
  );
}

/** The module that is bundled: the program of src/codegen/program.ts over a function of the user's. */
function entryOf(
  file: string,
  exportName: string,
  spec: ScorerSpec,
  args: readonly ProgramArgument[],
): BundleEntry {
  const features = spec.parameters.map(({ name, type }) => [name, type === 'text' ? 'text' : 'number']);
  const contents = [
    `import { ${exportName} as scorer } from ${JSON.stringify(file)};`,
    "import { createScorerProgram } from './scorer.ts';",
    "import { createRowReader } from './row-reader.ts';",
    `const program = createScorerProgram(scorer, ${JSON.stringify(spec)});`,
    'export const value = program.value, outputs = program.outputs;',
    `export const read = createRowReader(${JSON.stringify(features)}, ` +
      `${JSON.stringify(args.map(({ feature }) => [feature]))}, ${spec.inArrays});`,
  ].join('\n');
  return { contents, resolveDir: KERNELS, name: 'pgscore-entry.ts' };
}

function layoutOf({ labels = [], raw, values, hasProbabilities }: ResultSpec): OutputLayout {
  const afterRaw = 2 + raw;
  const afterValues = afterRaw + values;
  const length = afterValues + (hasProbabilities ? labels.length : 0);
  return {
    value: 0,
    predicted: 1,
    raw: { start: 2, end: afterRaw },
    values: { start: afterRaw, end: afterValues },
    probabilities: { start: afterValues, end: length },
    length,
  };
}

function signatureOf({ name, parameters, result }: ScorerSpec): Signature {
  const { labels, hasProbabilities, values } = result;
  const probabilities = hasProbabilities ? { probabilities: labels! } : {};
  return {
    task: taskOf(labels),
    features: parameters.map(featureOf),
    steps: [],
    output: {
      ...(labels === undefined ? {} : { classes: { labels, ...probabilities } }),
      ...(values === 0 ? {} : { values: Array.from({ length: values }) }),
      meaning: meaningOf(name, result),
      optional: true,
    },
  };
}

function taskOf(labels: readonly string[] | undefined): Task {
  if (labels === undefined) return 'regression';
  return labels.length === 2 ? 'binary' : 'multiclass';
}

function meaningOf(name: string, { kind }: ResultSpec): string {
  if (kind === 'label') return 'the index of the predicted class, from 0';
  return kind === 'boolean' ? `1 where ${name}() is true, else 0` : `what ${name}() returns`;
}

function featureOf({ name, type, categories }: ParameterSpec): Feature {
  if (type === 'text') return { kind: 'text', name, categories: (categories ?? []) as readonly string[] };
  const known = type === 'boolean' ? [0, 1] : (categories as readonly number[] | undefined);
  return { kind: 'number', name, ...(known === undefined ? {} : { categories: known }) };
}
