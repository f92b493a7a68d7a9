import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModuleContent, writeModuleTypes, writeProgramModule } from '../../../src/codegen/module.ts';
import { compileProgram } from '../../../src/codegen/program.ts';
import { importModel } from '../../../src/import/registry.ts';
import { loadModel } from '../../../src/load-model.ts';
import { compileScorer } from '../../../src/scorer/scorer.ts';
import { runProgram } from '../../harness/cli.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pgscore-module-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function imported(path: string, labels: readonly string[]): Promise<ModuleContent> {
  const { model, source } = importModel({ name: path, bytes: readFileSync(path) }, { labels });
  return { signature: model, program: await compileProgram(model), source };
}

const MODULES: readonly (readonly [string, () => Promise<ModuleContent>])[] = [
  ['a LightGBM model', () => imported('test/models/telco/lightgbm-churn.txt', ['No', 'Yes'])],
  ['a scorer written by hand', () => compileScorer('test/models/scorers/offer.ts')],
];

describe.each(MODULES)('the module of %s', (_, make) => {
  let path: string;
  let row: Record<string, string | number | null>;

  beforeAll(async () => {
    const content = await make();
    row = Object.fromEntries(
      content.signature.features.map(({ name, kind, categories = [] }) => [
        name,
        kind === 'text' ? (categories[0] ?? null) : 1,
      ]),
    );
    path = join(mkdtempSync(join(folder, 'bare-')), 'model.mjs');
    writeFileSync(path, await writeProgramModule(content, 'model.txt'));
    writeFileSync(path.replace('.mjs', '.d.mts'), writeModuleTypes(content.signature, 'model.txt'));
  });

  it('runs where there is nothing but JavaScript: no process, no Buffer, no console, no text coders', async () => {
    const script = `
      import vm from 'node:vm';
      import { readFileSync } from 'node:fs';
      const context = vm.createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
      const module = new vm.SourceTextModule(readFileSync(process.argv[1], 'utf8'), { context });
      await module.link(() => { throw new Error('the module imports something'); });
      await module.evaluate();
      console.log(JSON.stringify(module.namespace.score(${JSON.stringify(row)})));`;
    const { code, stdout, stderr } = await runProgram(process.execPath, [
      ...['--experimental-vm-modules', '--no-warnings', '--input-type=module', '-e', script, path],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { score } = await loadModel(path);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(score(row))));
  });

  it('has types that hold its features and labels', async () => {
    const { features, labels } = await loadModel(path);
    const given = JSON.stringify(row);
    const { [features[0]!.name]: _absent, ...incomplete } = row;
    const lines = [
      `import { labels, score, task } from './model.mjs';`,
      `export const label: ${labels!.map((each) => `'${each}'`).join('|')}|null = score(${given}).label;`,
      `export const value: number | null = score(${given}).value;`,
      'export const facts: [readonly string[], string] = [labels, task];',
      `export const other: 'other' = score(${given}).label!;`,
      `score(${JSON.stringify(incomplete)});`,
    ];
    writeFileSync(path.replace('model.mjs', 'use.mts'), lines.join('\n'));
    expect(wrongLines(path.replace('model.mjs', 'use.mts'))).toEqual([5, 6]);
  });
});

/** The lines of a file that TypeScript objects to. */
function wrongLines(file: string): number[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: [],
  };
  const program = ts.createProgram([file], options);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file: where, start }) => where!.getLineAndCharacterOfPosition(start!).line + 1);
}
