import { PgscoreError } from '../../errors.ts';
import type { LinkFunction, MapOperation, Task } from '../../ir/model.ts';
import type { LightgbmFile } from './scan.ts';

/**
 * How raw scores become predictions: a link, and for classifiers what the outputs mean.
 * Source: ConvertOutput in src/objective/*.hpp of LightGBM.
 */
export interface Objective {
  readonly task: Task;
  /** Applied to the raw scores (to their average where the file says so); null leaves them as they are. */
  readonly link: LinkFunction | readonly MapOperation[] | null;
  /** The number of outputs that the objective needs, or null when any will do. */
  readonly outputs: number | null;
}

/** The objective reads its raw scores as they are when the file names none: it was a Python function. */
const CUSTOM: Objective = { task: 'regression', link: null, outputs: null };

/** @throws PgscoreError PGS_UNSUPPORTED for an unknown objective, PGS_FILE for impossible settings. */
export function objectiveOf(file: LightgbmFile): Objective {
  if (file.objective === null) return CUSTOM;
  const [name = '', ...settings] = file.objective.split(' ').filter((word) => word !== '');
  switch (name) {
    case 'none':
    case 'null':
    case 'custom':
    case 'na':
      return CUSTOM;
    case 'binary':
      return { task: 'binary', link: sigmoid(file, settings), outputs: 1 };
    case 'multiclass':
      return { task: 'multiclass', link: { name: 'softmax' }, outputs: classCount(file, settings) };
    case 'multiclassova':
      return { task: 'multiclass', link: sigmoid(file, settings), outputs: classCount(file, settings) };
    case 'cross_entropy':
    case 'xentropy':
      return { task: 'regression', link: { name: 'sigmoid', scale: 1 }, outputs: 1 };
    case 'cross_entropy_lambda':
    case 'xentlambda':
      // Not softplus: exp overflows above 709.78, and LightGBM answers Infinity there.
      return { task: 'regression', link: [{ name: 'exp' }, { name: 'log1p' }], outputs: 1 };
    case 'poisson':
    case 'gamma':
    case 'tweedie':
      return { task: 'regression', link: { name: 'exp' }, outputs: 1 };
    case 'huber':
      return { task: 'regression', link: null, outputs: 1 };
    case 'regression':
    case 'regression_l1':
    case 'fair':
    case 'quantile':
    case 'mape':
      return {
        task: 'regression',
        link: settings.includes('sqrt') ? { name: 'signed-square' } : null,
        outputs: 1,
      };
    case 'lambdarank':
    case 'rank_xendcg':
      return { task: 'ranking', link: null, outputs: 1 };
    default:
      throw new PgscoreError(
        'PGS_UNSUPPORTED',
        `${file.name}: objective ${JSON.stringify(name.slice(0, 60))}.`,
        {
          hint:
            'Supported are the objectives of LightGBM 3 and 4: regression, regression_l1, huber, fair, poisson, quantile, ' +
            'mape, gamma, tweedie, binary, multiclass, multiclassova, cross_entropy, cross_entropy_lambda, lambdarank, ' +
            'rank_xendcg and custom ones.',
        },
      );
  }
}

function sigmoid(file: LightgbmFile, settings: readonly string[]): LinkFunction {
  const scale = setting(file, settings, 'sigmoid');
  if (scale > 0 && scale < Number.POSITIVE_INFINITY) return { name: 'sigmoid', scale };
  return fail(file, `sigmoid must be above 0, but is ${scale}`);
}

function classCount(file: LightgbmFile, settings: readonly string[]): number {
  const count = setting(file, settings, 'num_class');
  if (Number.isInteger(count) && count >= 2) return count;
  return fail(file, `num_class must be at least 2, but is ${count}`);
}

function setting(file: LightgbmFile, settings: readonly string[], name: string): number {
  const found = settings.find((word) => word.startsWith(`${name}:`));
  return found === undefined ? fail(file, `${name} is missing`) : Number(found.slice(name.length + 1));
}

function fail(file: LightgbmFile, problem: string): never {
  throw new PgscoreError(
    'PGS_FILE',
    `${file.name}: objective ${JSON.stringify(file.objective)}: ${problem}.`,
  );
}
