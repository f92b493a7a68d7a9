import { categoryCodes, type Model, type Prediction } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import { type ProgramArgument, takesArrays } from './arguments.ts';
import { evaluateProgram } from './load-program.ts';
import { compileProgram, type Program } from './program.ts';
import {
  type ArgumentSpec,
  createRowScorer,
  type Row,
  type RowScorerOptions,
  type RowSpec,
} from './row-scorer.ts';

export type { Row } from './row-scorer.ts';
export type ScorerOptions = RowScorerOptions;

export interface Scorer {
  readonly program: Program;
  /** Scores one row, as `createRowScorer` says. Throws PgscoreError PGS_INPUT for a row that does not fit. */
  score(row: Row): Prediction;
}

/** Compiles a valid model and scores rows in this process, with the code that the database gets. */
export async function createScorer(model: Model, options: ScorerOptions = {}): Promise<Scorer> {
  return programScorer(model, await compileProgram(model), options);
}

/** The same with a program that is there. */
export function programScorer(signature: Signature, program: Program, options: ScorerOptions = {}): Scorer {
  return { program, score: createRowScorer(rowSpec(signature, program), evaluateProgram(program), options) };
}

/** How rows reach a model's program and what its outputs mean. */
export function rowSpec(model: Signature, program: Program): RowSpec {
  const { classes, values } = model.output;
  return {
    features: model.features.map(({ name, kind }) => ({ name, kind })),
    arguments: program.arguments.map((argument) => argumentSpec(model, argument)),
    outputs: program.outputs,
    ...(classes === undefined ? {} : { labels: classes.labels }),
    hasProbabilities: classes?.probabilities !== undefined,
    hasValues: values !== undefined,
    inArrays: takesArrays(program.arguments),
    ...(program.throws ? { throws: true } : {}),
  };
}

function argumentSpec(model: Signature, { feature, step: index, text }: ProgramArgument): ArgumentSpec {
  if (index === undefined) return text ? { feature, text } : { feature };
  const step = model.steps[index]!;
  if (step.kind !== 'encode-category') throw new TypeError(`Step ${index} encodes no category.`);
  const ofCategory = categoryCodes(step);
  return {
    feature,
    encode: {
      codes: step.categories.map((category, k) => [String(category), nullForNaN(ofCategory[k]!)]),
      missing: nullForNaN(step.missing),
      unknown: nullForNaN(step.unknown),
    },
  };
}

function nullForNaN(code: number): number | null {
  return Number.isNaN(code) ? null : code;
}
