import { compileProgram, type Program } from '../codegen/program.ts';
import { programScorer } from '../codegen/score.ts';
import { PgscoreError } from '../errors.ts';
import type { ImportedModel, ModelSource } from '../import/importer.ts';
import { modelToJson } from '../ir/json.ts';
import type { Prediction } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import type { HandWrittenScorer } from '../scorer/scorer.ts';
import { typicalValues } from './candidate-values.ts';
import { drawGoldenRows, type GoldenRow, makeGoldenRows } from './golden.ts';
import { contentHash, defaultTolerance } from './plan.ts';

/** What a version holds, whatever it was made from: a program, how callers see it, and facts about it. */
export interface VersionContent {
  readonly signature: Signature;
  readonly source: ModelSource;
  /** The same for the same content: a second deploy of it is the same version. */
  readonly hash: string;
  /** The model in its internal form, JSON; null for what has none. */
  readonly ir: string | null;
  /** Greatest |got - expected| / (1 + |expected|) that the arithmetic allows. */
  readonly tolerance: number;
  /** Who answers for rows that `drawRows` gives, for the migration's reader. */
  readonly drawnBy: string;
  compile(): Promise<Program>;
  /** Golden rows for a deploy that was given none. Throws PGS_INPUT when no row can be scored. */
  drawRows(count: number): readonly GoldenRow[];
}

export function modelContent({ model, source }: ImportedModel): VersionContent {
  return {
    signature: model,
    source,
    hash: contentHash(model),
    ir: modelToJson(model),
    tolerance: defaultTolerance(model),
    drawnBy: 'drawn by pgscore, as its reference evaluator scores them',
    compile: () => compileProgram(model),
    drawRows: (count) => makeGoldenRows(model, count),
  };
}

/**
 * The engines' exp, log and their like differ in the last bits, and code written by hand may subtract what comes close:
 * a tolerance of 1e-9.
 */
export function scorerContent({ signature, program, source, hash }: HandWrittenScorer): VersionContent {
  return {
    signature,
    source,
    hash,
    ir: null,
    tolerance: 1e-9,
    drawnBy: 'drawn by pgscore, as the scorer answers them in Node',
    compile: async () => program,
    drawRows: (count) => {
      const { score } = programScorer(signature, program);
      const values = signature.features.map(typicalValues);
      const rows = drawGoldenRows(signature, values, count, (row) =>
        answer(() => score(Object.fromEntries(signature.features.map(({ name }, f) => [name, row[f]])))),
      );
      if (rows.length > 0) return rows;
      throw new PgscoreError(
        'PGS_INPUT',
        `${source.objective} throws for each of ${count} rows that were drawn`,
        {
          hint: 'Give rows that it scores, with what is expected of it: --golden rows.csv',
        },
      );
    },
  };
}

/** A scorer may refuse a row: that row proves nothing. */
function answer(score: () => Prediction): Prediction | undefined {
  try {
    return score();
  } catch (error) {
    if (error instanceof PgscoreError) return undefined;
    throw error;
  }
}
