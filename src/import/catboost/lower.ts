import type { Register, TreeEnsemble } from '../../ir/model.ts';
import type { ImportedModel, ImportOptions } from '../importer.ts';
import { Program } from '../program.ts';
import { corrupt } from './field.ts';
import { Categories, encodingsOf, signatureOf } from './lower-categories.ts';
import { type Column, columnsOf } from './lower-features.ts';
import { lossOf, lowerLabels, lowerOutput } from './lower-output.ts';
import { type Decision, lowerTree } from './lower-trees.ts';
import { projectionsOf } from './projections.ts';
import type { CatboostFile } from './scan.ts';
import type { CtrFeature } from './scan-ctrs.ts';
import { type Test, testOf, testsOf, usedTests } from './tests.ts';

/** What a file means, as IR. Throws PgscoreError: PGS_FILE, PGS_UNSUPPORTED, PGS_USAGE for options that do not fit. */
export function lower(
  file: CatboostFile,
  origin: { readonly name: string; readonly format: string },
  options: ImportOptions,
): ImportedModel {
  const { name } = origin;
  const { loss, notes } = lossOf(file, name);
  const columns = columnsOf(file, name, options);
  const tests = testsOf(file);
  const used = usedTests(file, tests, name);
  const ctrs = usedCtrs(file, used);
  guardElements(file, ctrs, name);
  const projections = projectionsOf(file, ctrs, name);
  const encodings = encodingsOf(file, used, projections);

  const program = new Program(columns.length, 'float64');
  const categories = new Categories(program, file, columns, encodings);
  for (const projection of projections) categories.addProjection(projection);
  const sums = program.add(lowerTrees(file, { name, tests, columns, categories }));
  const raw = scaled(program, file, sums);
  const { task, output } = lowerOutput(program, loss, raw, {
    labels: lowerLabels(file, loss, name, options),
    threshold: file.info.threshold,
  });
  if (file.categoricals.length > 0) {
    notes.push(
      'A missing category scores as one that training never met: CatBoost itself takes no missing categories.',
    );
  }
  return {
    model: {
      irVersion: 1,
      task,
      features: signatureOf(columns, encodings),
      steps: program.steps,
      output,
    },
    source: { format: origin.format, formatVersion: file.info.version, objective: file.info.loss, notes },
  };
}

function usedCtrs(file: CatboostFile, used: ReadonlySet<Test>): readonly CtrFeature[] {
  const ctrs = new Set<CtrFeature>();
  for (const test of used) if (test.kind === 'ctr') ctrs.add(test.ctr);
  return file.ctrs.filter((ctr) => ctrs.has(ctr));
}

function guardElements(file: CatboostFile, ctrs: readonly CtrFeature[], name: string): void {
  const floats = new Set(file.floats.map(({ index }) => index));
  const categoricals = new Set(file.categoricals.map(({ index }) => index));
  for (const { elements } of ctrs) {
    for (const { kind, feature } of elements) {
      if ((kind === 'border' ? floats : categoricals).has(feature)) continue;
      throw corrupt(name, `a target statistic is of feature ${feature}, which is not among the features`);
    }
  }
}

interface Ground {
  readonly name: string;
  readonly tests: readonly Test[];
  readonly columns: readonly Column[];
  readonly categories: Categories;
}

/** Every sum starts at 0; the bias is added last, as CatBoost does. */
function lowerTrees(file: CatboostFile, { name, tests, columns, categories }: Ground): TreeEnsemble {
  const inputs: Register[] = [];
  const places = new Map<Register, number>();
  const inputOf = (register: Register): number => {
    const known = places.get(register);
    if (known !== undefined) return known;
    places.set(register, inputs.length);
    inputs.push(register);
    return inputs.length - 1;
  };
  const floatColumns = new Map(
    columns.flatMap((column, i) => (column.kind === 'number' ? [[column.feature.index, i] as const] : [])),
  );
  const decisionOf = (test: Test): Decision => {
    switch (test.kind) {
      case 'float': {
        const input = inputOf(floatColumns.get(test.feature.index)!);
        return { kind: 'border', input, border: test.border, missingPasses: test.feature.missingPasses };
      }
      case 'value': {
        const input = inputOf(categories.encoded(test.feature));
        return { kind: 'code', input, code: categories.code(test.feature, test.value) };
      }
      case 'ctr':
        return {
          kind: 'border',
          input: inputOf(categories.ctr(test.ctr)),
          border: test.border,
          missingPasses: false,
        };
    }
  };
  const decisions = new Map<Test, Decision>();
  const trees = file.trees.map((tree) =>
    lowerTree(
      tree,
      (split) => {
        const test = testOf(split, tests, name);
        const decision = decisions.get(test) ?? decisionOf(test);
        decisions.set(test, decision);
        return decision;
      },
      file.outputs,
    ),
  );
  if (inputs.length === 0) inputOf(anyNumber(columns, categories));
  return {
    kind: 'tree-ensemble',
    inputs,
    inputPrecision: 'float32',
    comparison: '<=',
    accumulator: 'float64',
    outputs: file.outputs,
    base: new Array<number>(file.outputs).fill(0),
    trees,
  };
}

/** An ensemble needs an input, even when its trees test nothing. */
function anyNumber(columns: readonly Column[], categories: Categories): Register {
  const number = columns.findIndex(({ kind }) => kind === 'number');
  return number === -1 ? categories.encoded(columns[0]!.feature.index) : number;
}

/** scale * sum + bias, each operation rounded to float64. */
function scaled(program: Program, file: CatboostFile, sums: readonly Register[]): readonly Register[] {
  const { scale, bias } = file;
  if (scale === 1 && bias.every((value) => value === 0)) return sums;
  return program.add({
    kind: 'map',
    inputs: sums,
    precision: 'float64',
    operations: [
      { name: 'multiply', by: [scale] },
      { name: 'add', by: bias },
    ],
  });
}
