import { PgscoreError } from '../../errors.ts';
import type { Importer, ModelFile } from '../importer.ts';
import { corrupt } from './field.ts';
import { lower } from './lower.ts';
import { scan } from './scan.ts';

/** How far into a file `recognises` looks. */
const HEAD = 4096;

/** CatBoost's save_model(format='json'). */
export const catboostJson: Importer = {
  format: 'catboost-json',
  title: 'CatBoost JSON',
  recognises: ({ bytes }) => {
    const head = Buffer.from(bytes.subarray(0, HEAD)).toString('latin1');
    return FIRST_FIELD.test(head.replace(/^\u00ef\u00bb\u00bf/, ''));
  },
  read: (file, options) =>
    lower(scan(parse(file), file.name), { name: file.name, format: 'catboost-json' }, options),
};

/** CatBoost writes its fields in the order of their names, or in none; its own names tell it from XGBoost's. */
const FIRST_FIELD =
  /^\s*\{\s*"(ctr_data|features_info|model_info|oblivious_trees|scale_and_bias|trees"\s*:\s*\[\s*\{\s*"(split|left|right|value|weight))"\s*:/;

function parse(file: ModelFile): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError) || file.bytes.length > 2 ** 29 - 25) throw tooLarge(file, cause);
    throw corrupt(file.name, 'it is not valid UTF-8');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw tooLarge(file, cause);
    throw corrupt(file.name, `it is not valid JSON (${cause.message.slice(0, 200)})`);
  }
}

function tooLarge(file: ModelFile, cause: unknown): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file.name}: the model is too great to be read.`, {
    cause,
    hint: 'Train with fewer or less deep trees.',
  });
}
