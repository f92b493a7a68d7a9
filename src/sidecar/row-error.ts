import { PgscoreError } from '../errors.ts';

/** One row whose values do not fit the model. The other rows of its batch are not concerned. */
export class RowError extends PgscoreError {
  /** Index among the rows that were given, from 0. */
  readonly row: number;
  /** Name of the feature. */
  readonly feature: string;

  constructor(row: number, feature: string, problem: string, hint?: string) {
    super('PGS_INPUT', `feature ${JSON.stringify(feature)}: ${problem}`, hint === undefined ? {} : { hint });
    this.name = 'RowError';
    this.row = row;
    this.feature = feature;
  }
}

/** What is wrong with a value, said by code that does not know whose it is. */
export class ValueError extends Error {}
