import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { programScorer, type Row } from '../../src/codegen/score.ts';
import { applyDeploy, planDeploy } from '../../src/deploy/deploy.ts';
import type { ScoringEngine } from '../../src/formats.ts';
import { compileScorer, type HandWrittenScorer } from '../../src/scorer/scorer.ts';
import { createTestDatabase } from '../harness/database.ts';
import { record } from './record.ts';
import { BY_HAND, differenceOf, modelPath } from './runner.ts';

interface ScorerCase {
  readonly name: string;
  readonly rows: readonly (readonly [Row, number | null])[];
}

const sigmoid = (margin: number) => 1 / (1 + Math.exp(-margin));

const cases: readonly ScorerCase[] = [
  {
    name: 'risk',
    rows: [
      // 0.5 + 0.02 × 70 - 0.05 × 2; -1 + 0.02 × 65 - 0.05 × 10; -1 + 0.02 × 100.
      [{ tenure: 2, charges: 70, contract: 'Month-to-month' }, sigmoid(1.8)],
      [{ tenure: 10, charges: null, contract: 'One year' }, sigmoid(-0.2)],
      [{ tenure: null, charges: 100, contract: null }, sigmoid(1)],
      [{ tenure: null, charges: null, contract: 'One year' }, null],
    ],
  },
  {
    name: 'offer',
    rows: [
      // The greatest of the points discount, none, upgrade over their sum: 4, 1, 3; 1, 4, 1; 4, 4, 3.
      [{ tenure: 24, contract: 'Month-to-month', paperless: 1, comment: null }, 4 / 8],
      [{ tenure: 3, contract: null, paperless: 0, comment: 'x' }, 4 / 6],
      [{ tenure: 30, contract: 'Month-to-month', paperless: 0, comment: 'x' }, 4 / 11],
      [{ tenure: null, contract: null, paperless: 0, comment: 'x' }, null],
    ],
  },
];

describe('TypeScript', () => {
  const scorers = new Map<string, HandWrittenScorer>();
  let client: pg.Client;
  beforeAll(async () => {
    client = await (await createTestDatabase()).client();
    for (const { name } of cases) {
      const scorer = await compileScorer(modelPath(`scorers/${name}.ts`));
      scorers.set(name, scorer);
      await applyDeploy(client, await planDeploy(client, { name, scorer }));
    }
  });

  function check(each: ScorerCase, engine: ScoringEngine, got: readonly (number | null)[]): void {
    const far = got.map((value, k) => {
      const expected = each.rows[k]![1];
      return expected === null || value === null ? Number(value !== expected) : differenceOf(value, expected);
    });
    expect(Math.max(...far)).toBeLessThanOrEqual(1e-15);
    record({
      kind: 'passed',
      format: 'typescript',
      models: ['typed functions'],
      case: each.name,
      engine,
      recordedBy: BY_HAND,
      largestDifference: Math.max(...far),
    });
  }

  it.each(cases)('$name in Node', (each) => {
    const { signature, program } = scorers.get(each.name)!;
    const { score } = programScorer(signature, program);
    check(
      each,
      'node',
      each.rows.map(([row]) => score(row).value),
    );
  });

  it.each(cases)('$name in the database', async (each) => {
    const { rows } = await client.query<{ value: number | null }>(
      'SELECT pgscore.predict($1, row::jsonb) AS value FROM unnest($2::text[]) WITH ORDINALITY AS _ (row, n) ORDER BY n',
      [each.name, each.rows.map(([row]) => JSON.stringify(row))],
    );
    check(
      each,
      'database',
      rows.map(({ value }) => value),
    );
  });
});
