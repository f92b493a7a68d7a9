import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { javascriptFunctions } from '../codegen/javascript-functions.ts';
import type { Program } from '../codegen/program.ts';
import { versionSql } from '../codegen/sql-functions.ts';
import type { Engine } from '../db/engine.ts';
import { PgscoreError } from '../errors.ts';
import type { ModelFile } from '../import/importer.ts';
import { modelToJson } from '../ir/json.ts';
import type { Model, Step } from '../ir/model.ts';
import type { Signature } from '../ir/signature.ts';
import { modelFileHash } from '../model-file.ts';
import { packageVersion } from '../package-version.ts';
import { dollarQuote, quoteIdent, quoteLiteral } from '../quote.ts';
import type { VersionContent } from './content.ts';
import type { GoldenRow } from './golden.ts';

export interface VersionRequest {
  /** The model's name. */
  readonly name: string;
  /** The number that the version is to have. */
  readonly version: number;
  readonly content: VersionContent;
  readonly file: ModelFile;
  readonly engine: Engine;
  /** Rows that the migration scores in the target database before it registers the version; at least one. */
  readonly golden: readonly GoldenRow[];
  /** Where the golden rows came from, for the migration's reader. */
  readonly goldenOrigin: string;
  /** Greatest allowed |got - expected| / (1 + |expected|). */
  readonly tolerance: number;
  /** Quality measures to keep with the version. */
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/** A version as SQL, both ways. The same text is applied by `pgscore deploy` and written by `--write`. */
export interface VersionMigration {
  readonly functionName: string;
  /** Creates the functions, proves them on the golden rows, registers the version: one transaction. */
  readonly up: string;
  readonly down: string;
}

/** SHA-256 of the model in its internal form: two files that give the same model are the same version. */
export function contentHash(model: Model): string {
  return createHash('sha256').update(modelToJson(model)).digest('hex');
}

export const MODEL_NAME = /^(?!.*__)(?!.*_v[0-9]+_[0-9a-f]{8}$)[a-z](?:[a-z0-9_]{0,38}[a-z0-9])?$/;

/** Throws PGS_USAGE unless functions can be named after the model; the database holds to the same rule. */
export function checkModelName(name: string): void {
  if (MODEL_NAME.test(name)) return;
  throw new PgscoreError('PGS_USAGE', `${JSON.stringify(name)} is no name for a model`, {
    hint:
      'A name starts with a small letter and goes on with small letters, digits and single underscores, 40 in all, ' +
      'and does not look like a version (churn_v3_1a2b3c4d).',
  });
}

/** The tolerance that a model's arithmetic allows: that of its least exact step. */
export function defaultTolerance(model: Model): number {
  return Math.max(...model.steps.map(toleranceOf), 1e-12);
}

/**
 * 1e-12 in float64, 1e-6 in float32. Libraries add up long sums of products in an order of their own, which moves the
 * last digits: 1e-9 and 1e-5 there, and 1e-7 in float64 where small differences of great sums go on to a kernel.
 */
function toleranceOf(step: Step): number {
  switch (step.kind) {
    case 'tree-ensemble':
      return step.accumulator === 'float32' ? 1e-6 : 1e-12;
    case 'link':
    case 'map':
    case 'combine':
    case 'interpolate':
    case 'weigh':
      return step.precision === 'float32' ? 1e-6 : 1e-12;
    case 'linear':
      return step.accumulator === 'float32' ? 1e-5 : 1e-9;
    case 'reduce':
      return step.precision === 'float32' ? 1e-5 : 1e-9;
    case 'distance':
      return step.precision === 'float32' ? 1e-5 : 1e-7;
    case 'pairwise':
      return 1e-7;
    case 'encode-category':
    case 'select':
    case 'bin':
    case 'lookup':
    case 'nearest':
    case 'gather':
    case 'find-hash':
    case 'hash-text':
    case 'count-terms':
    case 'average-terms':
    case 'measure-text':
    case 'change-text':
    case 'join-texts':
    case 'choose-text':
    case 'format-number':
    case 'format-date':
      return 1e-12;
  }
}

/** Writes the migration of one version. Throws PGS_UNSUPPORTED for text that PostgreSQL cannot hold. */
export async function writeVersionMigration(request: VersionRequest): Promise<VersionMigration> {
  checkModelName(request.name);
  const { signature, hash } = request.content;
  checkTexts(request);
  const program = await request.content.compile();
  const functionName = `${request.name}_v${request.version}_${hash.slice(0, 8)}`;
  const names = { model: request.name, version: request.version, functionName };
  const javascript = javascriptFunctions(program, {
    engine: request.engine,
    schema: 'pgscore_internal',
    name: functionName,
    title: `model ${request.name}, version ${request.version}`,
  });
  const sql = versionSql(signature, program, names);
  const up = [
    header(request, functionName),
    // A snapshot taken before the lock would not see what the deploy ahead has registered.
    'BEGIN ISOLATION LEVEL READ COMMITTED;\n',
    'SET LOCAL search_path = pg_catalog, pg_temp;\n',
    `SELECT pgscore_internal.lock_model(${quoteLiteral(request.name)});\n`,
    section('The model: packed constants and the code that evaluates them.'),
    javascript.sql,
    section('The functions that people call: named arguments, texts coded to numbers.'),
    sql.functions,
    privileges(functionName),
    section(
      `The proof: ${request.golden.length} rows, ${request.goldenOrigin}. One that differs aborts everything.`,
    ),
    verification(request, functionName, program),
    section('The register. The first version of a model becomes its champion.'),
    registration(request, functionName, sql.activation),
    'COMMIT;\n',
  ].join('\n');
  return { functionName, up, down: downSql(request) };
}

function header({ name, version, file, content, engine }: VersionRequest, functionName: string): string {
  const { source, signature } = content;
  return [
    `-- pgscore ${packageVersion()}: model ${name}, version ${version}, as pgscore_models.${functionName} (${engine}).`,
    `-- From ${oneLine(file.name)}: ${source.format}${source.objective === null ? '' : `, ${oneLine(source.objective)}`}, ` +
      `${signature.task}, ${signature.features.length} features.`,
    '-- One transaction: all of it takes effect, or nothing does. Applying it twice changes nothing.',
    '',
  ].join('\n');
}

/** Texts from outside, made safe for a comment that ends at the end of its line. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

export function section(text: string): string {
  return `-- ${oneLine(text)}\n`;
}

function privileges(functionName: string): string {
  const own = [functionName, `${functionName}__outputs`].map((name) => `pgscore_models.${quoteIdent(name)}`);
  return `REVOKE ALL ON FUNCTION ${own.join(', ')} FROM PUBLIC;\n`;
}

function verification(request: VersionRequest, functionName: string, program: Program): string {
  const { signature } = request.content;
  const rows = request.golden.map((row) => `  ${JSON.stringify(row)}`).join(',\n');
  return doBlock(`
BEGIN
  PERFORM pgscore_internal.verify_golden_rows(
    function_name => ${quoteLiteral(functionName)},
    signature => ${jsonb(signatureEntries(signature))},
    labels => ${textArray(signature.output.classes?.labels)},
    raw_count => ${program.outputs.raw.end - program.outputs.raw.start},
    tolerance => '${request.tolerance}'::float8,
    golden_rows => ${dollarQuote(`[\n${rows}\n]`)}
  );
END
`);
}

function registration(request: VersionRequest, functionName: string, activation: string): string {
  const { content, file } = request;
  const { signature, source } = content;
  return doBlock(`
BEGIN
  PERFORM pgscore_internal.register_version(
    model => ${quoteLiteral(request.name)},
    version => ${request.version},
    content_hash => ${quoteLiteral(content.hash)},
    function_name => ${quoteLiteral(functionName)},
    task => ${quoteLiteral(signature.task)},
    format => ${quoteLiteral(source.format)},
    format_version => ${nullable(source.formatVersion)},
    objective => ${nullable(source.objective)},
    source_file => ${quoteLiteral(file.name)},
    source_sha256 => ${quoteLiteral(modelFileHash(file))},
    signature => ${jsonb(signatureEntries(signature))},
    labels => ${textArray(signature.output.classes?.labels)},
    metrics => ${request.metrics === undefined ? 'NULL' : jsonb(request.metrics)},
    notes => ${textArray(source.notes)},
    engine => ${quoteLiteral(request.engine)},
    pgscore_version => ${quoteLiteral(packageVersion())},
    golden_rows => ${request.golden.length},
    activation => ${dollarQuote(`\n${activation}`)},
    ir => ${packed(content.ir)}
  );
END
`);
}

/** Deflated, as SQL. */
function packed(ir: string | null): string {
  if (ir === null) return 'NULL';
  return `decode('${deflateRawSync(ir, { level: 9 }).toString('base64')}', 'base64')`;
}

export function doBlock(body: string): string {
  return `DO ${dollarQuote(body)};\n`;
}

export function downSql({ name, version }: Pick<VersionRequest, 'name' | 'version'>): string {
  return (
    `-- pgscore ${packageVersion()}: takes back version ${version} of model ${name}.\n` +
    '-- Refuses while it is the champion beside other versions, attached, or used by an index or a generated column.\n\n' +
    `SELECT pgscore.drop_version(${quoteLiteral(name)}, ${version});\n`
  );
}

interface SignatureEntry {
  readonly name: string;
  readonly kind: 'number' | 'text';
  readonly categories?: readonly (string | number)[];
}

function signatureEntries({ features }: Signature): SignatureEntry[] {
  return features.map(({ name, kind, categories }) => ({
    name,
    kind,
    ...(categories === undefined ? {} : { categories }),
  }));
}

export function jsonb(value: unknown): string {
  return `${dollarQuote(JSON.stringify(value))}::jsonb`;
}

export function nullable(text: string | null): string {
  return text === null ? 'NULL' : quoteLiteral(text);
}

export function textArray(texts: readonly string[] | undefined): string {
  if (texts === undefined) return 'NULL';
  return `ARRAY[${texts.map(quoteLiteral).join(', ')}]::text[]`;
}

/** PostgreSQL's text holds neither NUL nor half a surrogate pair. */
function checkTexts({ content: { signature, source }, file }: VersionRequest): void {
  const { features, output } = signature;
  const texts = [
    ...features.map(({ name }) => ['feature name', name] as const),
    ...features.flatMap((feature) =>
      feature.kind === 'text'
        ? feature.categories.map((c) => [`category of ${feature.name}`, c] as const)
        : [],
    ),
    ...(output.classes?.labels ?? []).map((label) => ['label', label] as const),
    ['objective', source.objective ?? ''] as const,
    ['format version', source.formatVersion ?? ''] as const,
    ...source.notes.map((note) => ['note', note] as const),
  ];
  refuseUnstorable(file, texts);
}

/** Throws PGS_UNSUPPORTED when a text, given with what it is, cannot be kept in PostgreSQL. */
export function refuseUnstorable(
  file: ModelFile,
  texts: readonly (readonly [what: string, text: string])[],
): void {
  const bad = texts.find(([, text]) => text.includes('\0') || /\p{Surrogate}/u.test(text));
  if (bad === undefined) return;
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${file.name}: the ${bad[0]} ${JSON.stringify(bad[1])} holds a character that PostgreSQL text cannot hold`,
    { hint: 'Rename it before training, or give other names with --features or --labels.' },
  );
}
