import { PgscoreError } from '../../errors.ts';
import type { ImportedModel, Importer, ImportOptions, ModelFile } from '../importer.ts';
import { JsonReader } from './json.ts';
import { lower } from './lower.ts';
import { SAVE_AGAIN } from './reader.ts';
import { scan } from './scan.ts';
import { UbjsonReader } from './ubjson.ts';

/** How far into a file `recognises` looks. */
const HEAD = 4096;

/** XGBoost's JSON, and what its dump functions write in JSON, which is refused with a remedy. */
export const xgboostJson: Importer = {
  format: 'xgboost-json',
  title: 'XGBoost JSON',
  recognises(file) {
    const head = headOf(file).replace(/^\u00ef\u00bb\u00bf/, '');
    return /^\s*\{/.test(head) ? /"(learner|Model)"\s*:/.test(head) : isDump(head);
  },
  read(file, options) {
    if (isDump(headOf(file))) throw notAModel(file, 'a text dump of trees (get_dump or dump_model)');
    return readWith(file, options, this.format, new JsonReader(file.name, file.bytes));
  },
};

/** XGBoost's UBJSON, and its older binary forms, which are refused with a remedy. */
export const xgboostUbj: Importer = {
  format: 'xgboost-ubj',
  title: 'XGBoost UBJSON',
  recognises(file) {
    const head = headOf(file);
    return isUbjson(head) || oldForm(head) !== undefined;
  },
  read(file, options) {
    const old = oldForm(headOf(file));
    if (old !== undefined) throw notAModel(file, old);
    return readWith(file, options, this.format, new UbjsonReader(file.name, file.bytes));
  },
};

function readWith(
  file: ModelFile,
  options: ImportOptions,
  format: string,
  reader: JsonReader | UbjsonReader,
): ImportedModel {
  if (/^\{(L[\s\S]{8}|\s*")(Config|Model)/.test(headOf(file))) {
    throw notAModel(file, "a memory snapshot (Booster.serialize, or a pickled Booster's inside)");
  }
  return lower(scan(reader), { name: file.name, format }, options);
}

function headOf(file: ModelFile): string {
  return Buffer.from(file.bytes.subarray(0, HEAD)).toString('latin1');
}

function isDump(head: string): boolean {
  return /^\s*\[\s*\{\s*"nodeid"/.test(head);
}

/** An object whose first key is one that XGBoost writes, the key's length in front. */
function isUbjson(head: string): boolean {
  return /^\{(L[\s\S]{8}|[iU][\s\S])(learner|version|Model|Config)/.test(head);
}

/** What an old form is called; undefined when it is none. */
function oldForm(head: string): string | undefined {
  if (head.startsWith('binf') || head.startsWith('CONFIG-offset:')) return "XGBoost's old binary format";
  if (/[a-z]+:[a-z]+[\s\S]{8}(gbtree|gblinear|dart)/.test(head.slice(0, 512)) && !head.startsWith('{')) {
    return "XGBoost's old binary format";
  }
  return undefined;
}

function notAModel(file: ModelFile, what: string): PgscoreError {
  return new PgscoreError('PGS_UNSUPPORTED', `${file.name}: holds ${what}, which is not supported.`, {
    hint: SAVE_AGAIN,
  });
}
