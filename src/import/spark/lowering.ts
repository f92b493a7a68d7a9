import { PgscoreError } from '../../errors.ts';
import type { Register } from '../../ir/model.ts';
import { Builder } from '../builder.ts';
import type { ImportOptions } from '../importer.ts';
import { FeatureTable, MAX_FEATURES } from './features.ts';
import type { Column, Part } from './frame.ts';
import type { Prediction } from './prediction.ts';
import type { Stage } from './stage.ts';

/** Stages within stages: real pipelines have a handful of levels. */
const MAX_DEPTH = 40;

/** Stages in all, members of OneVsRest included. */
const MAX_STAGES = 20_000;

/**
 * A capital sigma of a word with other characters than letters, but for quotes, brackets and stops around it. Whether its
 * lower case is the final one depends on the whole word, whose ends Java finds its own way.
 * https://github.com/openjdk/jdk/blob/jdk-17-ga/src/java.base/share/classes/java/lang/ConditionalSpecialCasing.java
 */
const ODD_SIGMA =
  '\\u03a3(?:(?<!(?:^|[ \\t-\\r("])[\\p{Lu}\\p{Ll}]{1,64})|(?![\\p{Lu}\\p{Ll}]{0,64}[,;!?)".]{0,8}(?:[ \\t-\\r]|(?![^]))))';

/** What lowering one saved model shares between all its stages. */
export class Lowering {
  readonly builder: Builder;
  readonly features = new FeatureTable();
  readonly options: ImportOptions;
  /** Sentences for people, each once. */
  readonly notes = new Set<string>();
  /** Registers that are NaN where Spark raises an error or drops the row, and the prediction is NULL; finite otherwise. */
  readonly guards = new Set<Register>();
  /** The models met so far, in the order of the stages. */
  readonly predictions: Prediction[] = [];
  /** The texts behind each column that a StringIndexerModel or a OneVsRestModel filled. */
  readonly labels = new Map<string, readonly string[]>();
  private readonly guarded = new Set<Register>();
  private readonly file: string;
  private depth = 0;
  private stages = 0;

  constructor(file: string, options: ImportOptions) {
    this.file = file;
    this.builder = new Builder(file, MAX_FEATURES);
    this.options = options;
  }

  /** Runs the lowering of one stage, within bounds of depth and number: folders can nest without end. */
  visit<T>(stage: Stage, lower: () => T): T {
    this.stages += 1;
    if (this.depth >= MAX_DEPTH || this.stages > MAX_STAGES)
      stage.fail('the model nests more stages than any that is trained');
    this.depth += 1;
    try {
      return lower();
    } finally {
      this.depth -= 1;
    }
  }

  /** The column as one number. */
  number(column: Column, stage: Stage): Part {
    if (column.kind === 'number') return column;
    if (column.kind !== 'raw') return stage.refuse(`takes a number, but gets a ${column.kind}`);
    const register = this.features.scalar(column.name, 'number');
    if (register !== undefined) return { register, mayBeMissing: true };
    return stage.refuse(
      `needs column ${JSON.stringify(column.name)} as a number, but another stage takes it as a text or a vector`,
      'Give the other stage a column of its own before training.',
    );
  }

  /** The column as a vector of `width` numbers. A raw column is one whose elements are the features. */
  vector(column: Column, width: number | undefined, stage: Stage): readonly Part[] {
    if (column.kind === 'vector') {
      if (width === undefined || column.parts.length === width) return column.parts;
      return stage.fail(`was fitted on ${width} features, but gets ${column.parts.length}`);
    }
    if (column.kind !== 'raw') return stage.refuse(`takes a vector, but gets a ${column.kind}`);
    if (width === undefined) {
      return stage.refuse(
        `takes the vector column ${JSON.stringify(column.name)}, of which nothing says how long it is`,
        'Save it in a pipeline with the VectorAssembler that makes the vector.',
      );
    }
    const registers = this.features.vector(column.name, width);
    if (registers !== undefined) return registers.map((register) => ({ register, mayBeMissing: true }));
    return stage.refuse(
      `needs column ${JSON.stringify(column.name)} as a vector of ${width} numbers, but another stage takes it otherwise`,
    );
  }

  /** The registers of a vector. */
  registers(column: Column, width: number | undefined, stage: Stage): readonly Register[] {
    return this.vector(column, width, stage).map(({ register }) => register);
  }

  /** Makes the prediction NULL where one of the numbers is missing, as Spark raises an error there or drops the row. */
  refuseMissing(parts: readonly Part[]): void {
    const open = parts.filter(({ register, mayBeMissing }) => mayBeMissing && !this.guarded.has(register));
    const registers = [...new Set(open.map(({ register }) => register))];
    if (registers.length === 0) return;
    for (const register of registers) this.guarded.add(register);
    this.refuseWhere(this.builder.map(registers, { name: 'is-nan' }));
  }

  /** Makes the prediction NULL where one of the registers, each 1 or 0, is 1. */
  refuseWhere(flags: readonly Register[]): void {
    const nothing = { name: 'impute', missing: 1, by: [Number.NaN] } as const;
    for (const guard of this.builder.map(flags, nothing)) this.guards.add(guard);
  }

  /** Makes the prediction NULL where Java's lower case of a text may not be Unicode's. */
  refuseOddSigmas(text: Register): void {
    if (this.guarded.has(text)) return;
    this.guarded.add(text);
    const [found] = this.builder.add({
      kind: 'count-terms',
      input: text,
      text: [],
      split: { by: 'match', pattern: ODD_SIGMA },
      terms: [],
      columns: { by: 'hash', seed: 0, count: 1, remainder: 'floor', signed: false },
      binary: true,
      least: 0,
      missing: 'empty',
    });
    this.refuseWhere([found!]);
  }

  /** @throws PgscoreError PGS_USAGE */
  usage(problem: string, hint?: string): never {
    throw new PgscoreError('PGS_USAGE', `${this.file}: ${problem}`, hint === undefined ? {} : { hint });
  }
}
