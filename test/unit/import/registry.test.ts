import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../../src/errors.ts';
import { importers, importModel } from '../../../src/import/registry.ts';
import { modelText } from './lightgbm/files.ts';

function latin1(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

describe('importModel', () => {
  it('goes by the bytes, not by the name', () => {
    const { source } = importModel({ name: 'model.json', bytes: latin1(modelText()) });
    expect(source.format).toBe('lightgbm-text');
  });

  it('takes a view into a larger buffer', () => {
    const bytes = latin1(`garbage${modelText()}garbage`);
    expect(importModel({ name: 'm', bytes: bytes.subarray(7, bytes.length - 7) }).source.format).toBe(
      'lightgbm-text',
    );
  });

  it.each([
    ['', 'an empty file'],
    ['{"format": "mystery"}', 'JSON of no known model: "{\\"format\\"'],
    ['PK\x03\x04rest', 'a zip archive'],
    ['\x89HDF\r\n\x1a\n', 'an HDF5 file'],
    ['\x1f\x8b\x08', 'gzip data'],
    ['<?xml version="1.0"?><PMML/>', 'XML'],
    ['CBM1\x00', 'a CatBoost binary model'],
    ['PAR1\x15', 'a parquet file'],
    ['customer_id,churn\n1,0\n', 'text starting with "customer_id,churn'],
    ['trees\n', 'text starting with "trees'],
    ['\x00\x01\x02\x03', 'binary data starting with bytes 00010203'],
  ])('refuses %j', (text, found) => {
    try {
      importModel({ name: 'dir/mystery.bin', bytes: latin1(text) });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PgscoreError);
      const { code, message, hint } = error as PgscoreError;
      expect(code).toBe('PGS_FILE');
      expect(message).toContain('dir/mystery.bin');
      expect(message).toContain(found);
      for (const { title } of importers) expect(hint).toContain(title);
    }
  });

  it('turns violations into an error that lists the first ones', () => {
    const text = modelText({ header: { feature_names: 'a a' } });
    expect(() => importModel({ name: 'm.txt', bytes: latin1(text) })).toThrow(
      expect.objectContaining({ code: 'PGS_IR', message: expect.stringContaining('features[1].name') }),
    );
  });
});
