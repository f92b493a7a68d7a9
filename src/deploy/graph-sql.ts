import { createHash } from 'node:crypto';
import type { ImportedGraph, ModelFile } from '../import/importer.ts';
import { type GraphModel, outputNames } from '../ir/graph.ts';
import { graphToJson } from '../ir/json.ts';
import { packageVersion } from '../package-version.ts';
import { dollarQuote, quoteLiteral } from '../quote.ts';
import { doBlock, downSql, jsonb, nullable, oneLine, refuseUnstorable, section, textArray } from './plan.ts';

/** Large enough that a file has few rows, small enough for a statement: what model_chunks holds a row. */
const CHUNK_BYTES = 1_048_576;

/** Of base64 in one line: editors and diffs stay usable. */
const LINE = 120;

export interface GraphVersion {
  readonly name: string;
  readonly version: number;
  readonly imported: ImportedGraph;
  readonly file: ModelFile;
  readonly golden: { readonly count: number; readonly origin: string };
  readonly tolerance: number;
  readonly metrics?: Readonly<Record<string, unknown>>;
}

/** A version as SQL: one transaction, statement by statement, because a file of hundreds of MB is no one text. */
export interface GraphMigration {
  up(): Iterable<string>;
  readonly down: string;
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** SHA-256 of what a row's prediction depends on: the description of inputs and outputs, and the file. */
export function graphContentHash({ graph }: ImportedGraph, file: ModelFile): string {
  return sha256(`${graphToJson(graph)}\n${sha256(file.bytes)}`);
}

/** Throws PGS_UNSUPPORTED for text that PostgreSQL cannot hold. */
export function graphMigration(request: GraphVersion): GraphMigration {
  refuseUnstorable(request.file, textsOf(request));
  return { up: () => statements(request), down: downSql(request) };
}

function* statements(request: GraphVersion): Generator<string> {
  const { name, file } = request;
  const hash = sha256(file.bytes);
  const count = Math.ceil(file.bytes.length / CHUNK_BYTES);
  const hashes: string[] = [];
  yield header(request);
  // A snapshot taken before the lock would not see what the deploy ahead has registered.
  yield 'BEGIN ISOLATION LEVEL READ COMMITTED;\n';
  yield 'SET LOCAL search_path = pg_catalog, pg_temp;\n';
  yield perform(`lock_model(${quoteLiteral(name)})`);
  yield section(
    `The file, ${file.bytes.length} bytes in ${count} chunks. Each is checked, and all of them together.`,
  );
  yield perform(`begin_model_file(${quoteLiteral(hash)}, ${file.bytes.length}, ${count})`);
  for (let chunk = 0; chunk < count; chunk++) {
    const bytes = file.bytes.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES);
    hashes.push(sha256(bytes));
    yield perform(
      `add_model_chunk(${quoteLiteral(hash)}, ${chunk}, ${quoteLiteral(hashes[chunk]!)}, decode('\n${base64(bytes)}', 'base64'))`,
    );
  }
  yield perform(`check_model_file(${quoteLiteral(hash)}, ${textArray(hashes)})`);
  yield section('The register. The first version of a model becomes its champion.');
  yield registration(request, hash);
  yield 'COMMIT;\n';
}

function header({ name, version, file, imported, golden, tolerance }: GraphVersion): string {
  const { source, graph, reason } = imported;
  const { count, origin } = golden;
  return [
    `-- pgscore ${packageVersion()}: model ${name}, version ${version}, for the sidecar.`,
    `-- From ${oneLine(file.name)}: ${source.format}, ${graph.task}, ${graph.features.length} features.`,
    `-- Why not in the database: ${oneLine(reason)}`,
    `-- The proof was made with onnxruntime before this was written: ${count} rows, ${oneLine(origin)}, within ${tolerance}.`,
    '-- One transaction: all of it takes effect, or nothing does. Applying it twice changes nothing.',
    '',
  ].join('\n');
}

/** A call whose result nobody wants to see. */
function perform(call: string): string {
  return `DO ${dollarQuote(`BEGIN PERFORM pgscore_internal.${call}; END`)};\n`;
}

function base64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  return text.replace(new RegExp(`.{1,${LINE}}`, 'g'), '$&\n');
}

function registration(
  { name, version, imported, file, golden, metrics }: GraphVersion,
  hash: string,
): string {
  const { graph, source, reason } = imported;
  const content = graphContentHash(imported, file);
  return doBlock(`
BEGIN
  PERFORM pgscore_internal.register_graph_version(
    model => ${quoteLiteral(name)},
    version => ${version},
    content_hash => ${quoteLiteral(content)},
    function_name => ${quoteLiteral(`${name}_v${version}_${content.slice(0, 8)}`)},
    task => ${quoteLiteral(graph.task)},
    format => ${quoteLiteral(source.format)},
    format_version => ${nullable(source.formatVersion)},
    objective => ${nullable(source.objective)},
    source_file => ${quoteLiteral(file.name)},
    file_sha256 => ${quoteLiteral(hash)},
    signature => ${jsonb(graph.features)},
    labels => ${textArray(graph.output.classes?.labels)},
    graph => ${dollarQuote(graphToJson(graph))}::jsonb,
    assigned_because => ${quoteLiteral(reason)},
    metrics => ${metrics === undefined ? 'NULL' : jsonb(metrics)},
    notes => ${textArray(source.notes)},
    pgscore_version => ${quoteLiteral(packageVersion())},
    golden_rows => ${golden.count}
  );
END
`);
}

function textsOf({ imported }: GraphVersion): (readonly [what: string, text: string])[] {
  const { graph, source, reason } = imported;
  return [
    ...graph.features.map(({ name }) => ['feature name', name] as const),
    ...graph.features.flatMap((feature) =>
      feature.kind === 'text'
        ? (feature.categories ?? []).map((text) => [`category of ${feature.name}`, text] as const)
        : [],
    ),
    ...(graph.output.classes?.labels ?? []).map((label) => ['label', label] as const),
    ...tensorTexts(graph),
    ['objective', source.objective ?? ''] as const,
    ['format version', source.formatVersion ?? ''] as const,
    ['name of a node', reason] as const,
    ...source.notes.map((note) => ['note', note] as const),
  ];
}

function tensorTexts({ inputs, output }: GraphModel): (readonly [string, string])[] {
  const missing = inputs.flatMap(({ from }) =>
    'array' in from
      ? []
      : from.elements.flatMap((element) => (element.kind === 'text' ? [element.missing] : [])),
  );
  return [
    ...inputs.map(({ name }) => ['name of an input', name] as const),
    ...outputNames(output).map((name) => ['name of an output', name] as const),
    ...missing.map((text) => ['text for a missing value', text] as const),
  ];
}
