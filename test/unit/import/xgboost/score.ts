import { expect } from 'vitest';
import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';
import { type FileSpec, fileOf, toJson, toUbj } from './files.ts';

/** Imports the file from its JSON and from its UBJSON, which must give the same model. */
export function importSpec(spec: FileSpec, options: ImportOptions = {}): ImportedModel {
  const file = fileOf(spec);
  const fromJson = importModel({ name: 'm.json', bytes: toJson(file) }, options);
  const fromUbj = importModel({ name: 'm.ubj', bytes: toUbj(file) }, options);
  expect(fromJson.source.format).toBe('xgboost-json');
  expect(fromUbj.source.format).toBe('xgboost-ubj');
  expect(fromUbj.model).toEqual(fromJson.model);
  expect(fromUbj.source.notes).toEqual(fromJson.source.notes);
  return fromJson;
}

export function score(
  spec: FileSpec,
  row: readonly (number | string | null)[] = [0],
  options: ImportOptions = {},
): Prediction {
  return evaluate(importSpec(spec, options).model, row).prediction;
}
