import { type CompressionCodec, type FileMetaData, parquetMetadata, parquetSchema } from 'hyparquet';
import { assembleLists, assembleNested } from 'hyparquet/src/assemble.js';
import { parquetHeader } from 'hyparquet/src/column.js';
import { convert, convertWithDictionary, DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { readDataPage, readDataPageV2 } from 'hyparquet/src/datapage.js';
import { readPlain } from 'hyparquet/src/plain.js';
import { getTreePath } from 'hyparquet/src/schema.js';
import type { ColumnDecoder, DecodedArray, PageHeader, SchemaTree } from 'hyparquet/src/types.js';
import { decompress } from './decompress.ts';
import { checkRuns } from './runs.ts';

/** A row of a parquet file: numbers, bigints, texts, booleans, null, lists, and objects for structs and maps. */
export type ParquetRow = Readonly<Record<string, unknown>>;

/** What all files of one model may unpack to together. A million tree nodes take some 100 MB. */
export interface ParquetBudget {
  bytes: number;
  values: number;
}

export function parquetBudget(): ParquetBudget {
  return { bytes: 1 << 30, values: 100_000_000 };
}

const MAX_SCHEMA = 1000;
const ENCODINGS = ['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY'];

/**
 * All rows of a parquet file. hyparquet decodes; pages are bounded here before they reach it, since counts and sizes of
 * a hostile file are its author's. Throws an Error with the reason for damaged files, and never takes more memory or
 * time than the budget allows.
 */
export function readParquet(bytes: Uint8Array, budget: ParquetBudget): readonly ParquetRow[] {
  const metadata = parquetMetadata(bytes, { geoparquet: false });
  if (metadata.schema.length > MAX_SCHEMA) throw new Error(`the schema has more than ${MAX_SCHEMA} elements`);
  const schema = parquetSchema(metadata);
  return metadata.row_groups.flatMap((group) => readRowGroup(bytes, group, schema, budget));
}

function readRowGroup(
  bytes: Uint8Array,
  group: FileMetaData['row_groups'][number],
  schema: SchemaTree,
  budget: ParquetBudget,
): readonly ParquetRow[] {
  const leaves = new Map<string, DecodedArray>();
  for (const { meta_data: column } of group.columns) {
    if (column === undefined) throw new Error('a column has no metadata');
    leaves.set(column.path_in_schema.join('.'), readColumn(bytes, column, schema, budget));
  }
  const columns = schema.children.map((child) => {
    if (child.children.length > 0) assembleNested(leaves, child, DEFAULT_PARSERS);
    const values = leaves.get(child.element.name);
    if (values === undefined) throw new Error(`column ${child.element.name} has no data`);
    return [child.element.name, values] as const;
  });
  const count = columns[0]?.[1].length ?? 0;
  if (columns.some(([, values]) => values.length !== count)) throw new Error('columns differ in length');
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[i]])),
  );
}

type ColumnMetaData = NonNullable<FileMetaData['row_groups'][number]['columns'][number]['meta_data']>;

function readColumn(
  bytes: Uint8Array,
  column: ColumnMetaData,
  schema: SchemaTree,
  budget: ParquetBudget,
): DecodedArray {
  const schemaPath = getTreePath(schema, column.path_in_schema);
  const decoder: ColumnDecoder = {
    pathInSchema: column.path_in_schema,
    type: column.type,
    element: schemaPath.at(-1)!.element,
    schemaPath,
    codec: 'UNCOMPRESSED',
    parsers: DEFAULT_PARSERS,
  };
  const values: unknown[] = [];
  let dictionary: DecodedArray | undefined;
  for (const { header, body } of pagesOf(columnBytes(bytes, column))) {
    const size = Number(header.uncompressed_page_size);
    budget.bytes -= Math.max(size, 0);
    if (!(size >= 0) || budget.bytes < 0) throw new Error('a page unpacks to more bytes than any model has');
    if (header.dictionary_page_header !== undefined) {
      dictionary = readDictionary(header, unpack(body, size, column.codec), decoder, budget);
    } else {
      appendPage(values, header, body, column.codec, decoder, dictionary, budget);
    }
  }
  return values;
}

/** The bytes of a column's pages. */
function columnBytes(bytes: Uint8Array, column: ColumnMetaData): Uint8Array {
  const data = Number(column.data_page_offset);
  const first = Number(column.dictionary_page_offset ?? 0);
  const start = first > 0 ? Math.min(first, data) : data;
  const end = start + Number(column.total_compressed_size);
  if (!(start >= 4 && end >= start && end <= bytes.length))
    throw new Error('a column lies outside of the file');
  // A copy of its own: numbers are read in place, at offsets from the start of the buffer.
  return new Uint8Array(bytes.subarray(start, end));
}

function* pagesOf(bytes: Uint8Array): Generator<{ readonly header: PageHeader; readonly body: Uint8Array }> {
  const reader = { view: new DataView(bytes.buffer), offset: 0 };
  while (reader.offset < bytes.length - 1) {
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    if (!(size >= 0 && reader.offset + size <= bytes.length))
      throw new Error('a page is longer than its column');
    const body = bytes.subarray(reader.offset, reader.offset + size);
    reader.offset += size;
    if (header.type !== 'INDEX_PAGE') yield { header, body };
  }
}

function unpack(body: Uint8Array, size: number, codec: CompressionCodec): Uint8Array {
  const page = decompress(body, size, codec);
  // Numbers are read in place: they need a buffer that starts with the page.
  return page.byteOffset === 0 ? page : page.slice();
}

function readDictionary(
  header: PageHeader,
  page: Uint8Array,
  decoder: ColumnDecoder,
  budget: ParquetBudget,
): DecodedArray {
  const count = spend(header.dictionary_page_header!.num_values, budget);
  const reader = { view: new DataView(page.buffer, page.byteOffset, page.byteLength), offset: 0 };
  return convert(readPlain(reader, decoder.type, count, decoder.element.type_length), decoder);
}

/** A count of values that the file states. */
function spend(count: number, budget: ParquetBudget): number {
  budget.values -= Math.max(count, 0);
  if (!(count >= 0) || budget.values < 0) throw new Error('a page has more values than any model has');
  return count;
}

function appendPage(
  values: unknown[],
  header: PageHeader,
  body: Uint8Array,
  codec: CompressionCodec,
  decoder: ColumnDecoder,
  dictionary: DecodedArray | undefined,
  budget: ParquetBudget,
): void {
  const page = header.data_page_header ?? header.data_page_header_v2;
  if (page === undefined) throw new Error('a page is of no known kind');
  if (!ENCODINGS.includes(page.encoding)) throw new Error(`values are encoded as ${page.encoding}`);
  spend(page.num_values, budget);
  const { definitionLevels, repetitionLevels, dataPage } = decodePage(header, body, codec, decoder);
  const converted = convertWithDictionary(dataPage, dictionary, page.encoding, decoder);
  const rows = assembleLists(
    repetitionLevels[0] ? values : [],
    definitionLevels,
    repetitionLevels,
    converted,
    decoder.schemaPath,
  );
  if (rows === values) return;
  for (const row of rows) values.push(row);
}

function decodePage(header: PageHeader, body: Uint8Array, codec: CompressionCodec, decoder: ColumnDecoder) {
  const size = Number(header.uncompressed_page_size);
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  if (v1 !== undefined) {
    const page = unpack(body, size, codec);
    checkRuns(page, v1.encoding, v1.num_values, decoder);
    return readDataPage(page, v1, decoder);
  }
  const levels = v2!.repetition_levels_byte_length + v2!.definition_levels_byte_length;
  if (!(levels >= 0 && levels <= body.length && levels <= size))
    throw new Error('a page has levels beyond its end');
  const packed = v2!.is_compressed !== false && size > levels;
  const data = packed ? unpack(body.subarray(levels), size - levels, codec) : body.subarray(levels);
  const page = new Uint8Array(levels + data.length);
  page.set(body.subarray(0, levels));
  page.set(data, levels);
  checkRuns(page, v2!.encoding, v2!.num_values, decoder, v2!);
  return readDataPageV2(page, { ...header, data_page_header_v2: { ...v2!, is_compressed: false } }, decoder);
}
