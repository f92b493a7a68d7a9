import type { ModelFile } from './importer.ts';

/** What files begin with that people take for models. Bytes as latin1 text. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['PK\x03\x04', 'a zip archive (a Keras or PyTorch export?)'],
  ['\x89HDF\r\n\x1a\n', 'an HDF5 file (a Keras export?)'],
  ['\x1f\x8b', 'gzip data: unpack the file first'],
  ['BZh', 'bzip2 data: unpack the file first'],
  ['\xfd7zXZ\x00', 'xz data: unpack the file first'],
  ['PAR1', 'a parquet file'],
  ['CBM1', "a CatBoost binary model: save it with format='json'"],
  ['<?xml', 'XML without a <PMML> element'],
];

/** What a file or directory seems to be, for the message that no importer knows it. Looks at the first bytes only. */
export function describeFile({ bytes, entries }: ModelFile): string {
  return entries === undefined ? describeBytes(bytes) : `a directory of ${entries.size} files`;
}

function describeBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'an empty file';
  const head = Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  const known = SIGNATURES.find(([start]) => head.startsWith(start));
  if (known !== undefined) return known[1];
  if (/^\s*[{[]/.test(head) && isText(bytes)) return `JSON of no known model: ${quoteStart(bytes)}`;
  if (isText(bytes)) return `text starting with ${quoteStart(bytes)}`;
  return `binary data starting with bytes ${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
}

function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 64).some((byte) => byte < 9 || (byte > 13 && byte < 32) || byte === 127);
}

function quoteStart(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString('utf8'));
}
