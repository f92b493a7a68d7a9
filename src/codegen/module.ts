import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from '../compile/bundle.ts';
import type { ImportedModel } from '../import/importer.ts';
import { compileProgram } from './program.ts';
import { rowSpec } from './score.ts';

/** This folder, as it is in the sources and in the build. */
const HERE = fileURLToPath(new URL('./', import.meta.url));
const ROW_SCORER = existsSync(`${HERE}row-scorer.ts`) ? './row-scorer.ts' : './row-scorer.js';

/**
 * A model as one ES module without imports, for Node, edge workers and browsers: the code that the database runs, and
 * `createRowScorer` around it. It exports `score(row)`, `features`, `labels` (null without classes), `task` and `source`.
 */
export async function writeModule({ model, source }: ImportedModel, fileName: string): Promise<string> {
  const program = await compileProgram(model);
  const spec = rowSpec(model, program);
  const facts = {
    task: model.task,
    features: model.features,
    labels: model.output.classes?.labels ?? null,
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
    `// ${fileName.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')}, compiled by pgscore. score({feature: value, …}) gives {value, label, probabilities, raw}.`,
    `const model = ${code};`,
    'export const score = model.score;',
    'export const { task, features, labels, source } = model.facts;',
    '',
  ].join('\n');
}
