import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeModule } from '../../../src/codegen/module.ts';
import type { Row } from '../../../src/codegen/score.ts';
import { importModel } from '../../../src/import/registry.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { Model } from '../../../src/ir/model.ts';
import { type LoadedModel, loadModel } from '../../../src/load-model.ts';
import { readRows } from '../../../src/rows.ts';

const TELCO = 'test/models/telco';
const FILES = ['lightgbm-churn.txt', 'xgboost-churn.json'];

async function edgeRows(model: Model): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { features } of readRows(`${TELCO}/customers-edge.csv`, model.features))
    rows.push(features);
  return rows;
}

function valuesOf(model: Model, row: Row): (number | string | null)[] {
  return model.features.map(({ name }) => row[name] as number | string | null);
}

describe.each(FILES)('a module of %s', (name) => {
  const { model, source } = importModel({ name, bytes: readFileSync(`${TELCO}/${name}`) });
  let code: string;
  let path: string;
  let loaded: LoadedModel;

  beforeAll(async () => {
    code = await writeModule({ model, source }, name);
    path = join(mkdtempSync(join(tmpdir(), 'pgscore-module-')), 'churn.mjs');
    writeFileSync(path, code);
    loaded = await loadModel(path);
  });

  it('needs nothing beside it', () => {
    expect(code).not.toMatch(/\bimport\b|\brequire\(|\bprocess\b|\bBuffer\b/);
  });

  it('says what it takes', () => {
    expect(loaded.features).toEqual(model.features);
    expect(loaded).toMatchObject({ task: 'binary', labels: ['0', '1'] });
  });

  it('scores as the reference evaluator does, NULLs and unseen categories included', async () => {
    for (const row of await edgeRows(model)) {
      const { prediction } = evaluate(model, valuesOf(model, row));
      const scored = loaded.score(row);
      expect(scored.raw).toEqual(prediction.raw);
      expect(scored.label).toBe(prediction.label);
      expect(scored.value).toBeCloseTo(prediction.value!, 6);
    }
  });

  it('scores as the model file itself, loaded', async () => {
    const fromFile = await loadModel(`${TELCO}/${name}`);
    for (const row of await edgeRows(model)) expect(loaded.score(row)).toEqual(fromFile.score(row));
  });

  it('refuses a row that does not fit, with the code that the library has', () => {
    expect(() => loaded.score({ tenure: 'two' })).toThrow(
      expect.objectContaining({
        code: 'PGS_INPUT',
        message: expect.stringContaining('"tenure" is the text "two"'),
      }),
    );
  });
});

it('names a file that is not there', async () => {
  await expect(loadModel('no/such/model.json')).rejects.toMatchObject({ code: 'PGS_FILE' });
});
