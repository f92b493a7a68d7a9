import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../compile/bundle.ts';
import type { ImportedModel, ModelSource } from '../import/importer.ts';
import type { Signature } from '../ir/signature.ts';
import { compileProgram, type Program } from './program.ts';
import { rowSpec } from './score.ts';

/** This folder, as it is in the sources and in the build. */
const HERE = fileURLToPath(new URL('./', import.meta.url));
const ROW_SCORER = existsSync(`${HERE}row-scorer.ts`) ? './row-scorer.ts' : './row-scorer.js';

/** What a module is made of: a model's program, how callers see it, and where it came from. */
export interface ModuleContent {
  readonly signature: Signature;
  readonly program: Program;
  readonly source: ModelSource;
}

/**
 * A model as one ES module without imports, for Node, edge workers and browsers: the code that the database runs, and
 * `createRowScorer` around it. It exports `score(row)`, `features`, `labels` (null without classes), `task` and `source`.
 */
export async function writeModule({ model, source }: ImportedModel, fileName: string): Promise<string> {
  return writeProgramModule({ signature: model, program: await compileProgram(model), source }, fileName);
}

/** The same of a program that is there. */
export async function writeProgramModule(content: ModuleContent, fileName: string): Promise<string> {
  const { signature, program, source } = content;
  const spec = rowSpec(signature, program);
  const facts = {
    task: signature.task,
    features: signature.features,
    labels: signature.output.classes?.labels ?? null,
    source: { file: fileName, format: source.format, formatVersion: source.formatVersion },
  };
  const contents = [
    `import { createRowScorer } from ${JSON.stringify(ROW_SCORER)};`,
    `const spec = ${JSON.stringify(spec)};`,
    `export const score = createRowScorer(spec, ${program.code});`,
    `export const facts = ${JSON.stringify(facts)};`,
  ].join('\n');
  const { code } = await bundle({ contents, resolveDir: HERE, name: 'module.ts' });
  return [
    `// ${oneLine(fileName)}, compiled by pgscore. score({feature: value, …}) gives {value, label, probabilities, raw}.`,
    `const model = ${code};`,
    'export const score = model.score;',
    'export const { task, features, labels, source } = model.facts;',
    '',
  ].join('\n');
}

/** The declarations of such a module: its features by name, its classes as literals. */
export function writeModuleTypes({ task, features, output }: Signature, fileName: string): string {
  const labels = output.classes?.labels;
  const label =
    labels === undefined ? 'null' : `${labels.map((each) => JSON.stringify(each)).join(' | ')} | null`;
  const probabilities =
    output.classes?.probabilities === undefined
      ? 'null'
      : `{ ${labels!.map((each) => `readonly ${JSON.stringify(each)}: number`).join('; ')} } | null`;
  return [
    `// ${oneLine(fileName)}, compiled by pgscore.`,
    '/** Every feature; null is missing. Keys that are no feature are ignored. */',
    'export interface Row {',
    ...features.map(
      ({ name, kind }) =>
        `  readonly ${JSON.stringify(name)}: ${kind === 'text' ? 'string' : 'number | boolean'} | null;`,
    ),
    '}',
    'export interface Prediction {',
    '  readonly value: number | null;',
    `  readonly label: ${label};`,
    `  readonly probabilities: ${probabilities};`,
    '  readonly raw: readonly number[];',
    ...(output.values === undefined ? [] : ['  readonly values: readonly number[];']),
    '}',
    '/** Throws an Error with code PGS_INPUT for a row that does not fit. */',
    'export function score(row: Row): Prediction;',
    `export const task: ${JSON.stringify(task)};`,
    "export const features: readonly { readonly kind: 'number' | 'text'; readonly name: string }[];",
    `export const labels: ${labels === undefined ? 'null' : 'readonly string[]'};`,
    'export const source: { readonly file: string; readonly format: string; readonly formatVersion: string | null };',
    '',
  ].join('\n');
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
