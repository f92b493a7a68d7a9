import { describe, expect, it } from 'vitest';
import {
  boundOf,
  type ConformanceRecord,
  contradictions,
  markdownTable,
  type PassedRecord,
  replaceTable,
  supportOf,
} from '../../conformance/formats.ts';

const known = [{ format: 'points', title: 'Points' }];

function passed(change: Partial<PassedRecord> = {}): PassedRecord {
  return {
    kind: 'passed',
    format: 'points',
    models: ['sum'],
    case: 'two',
    engine: 'database',
    recordedBy: 'Points 1.0',
    largestDifference: 3e-13,
    ...change,
  };
}

const refused: ConformanceRecord = {
  kind: 'refused',
  format: 'points',
  case: 'old/model.txt',
  reason: 'too old',
};
const records = [passed(), passed({ engine: 'node', largestDifference: 0 }), refused];
const table = supportOf(records, known);

describe('the table of formats', () => {
  it('counts cases and bounds differences, by model and engine', () => {
    expect(table).toEqual([
      {
        format: 'points',
        title: 'Points',
        passed: { database: 1, node: 1 },
        models: [
          {
            model: 'sum',
            engines: {
              database: { passed: 1, largestDifference: 1e-12 },
              node: { passed: 1, largestDifference: 0 },
            },
            recordedBy: ['Points 1.0'],
          },
        ],
        refused: [{ case: 'old/model.txt', reason: 'too old' }],
      },
    ]);
  });

  it('counts a case for each of its models, and once for the format', () => {
    const [format] = supportOf([passed({ models: ['sum', 'product'] }), passed({ case: 'three' })], known);
    expect(format!.passed).toEqual({ database: 2 });
    expect(format!.models.map(({ model, engines }) => [model, engines.database!.passed])).toEqual([
      ['product', 1],
      ['sum', 2],
    ]);
  });

  it('takes in formats that come from elsewhere than the registry', () => {
    const [, other] = supportOf([passed(), passed({ format: 'graph', engine: 'sidecar' })], known);
    expect(other).toMatchObject({ format: 'graph', passed: { sidecar: 1 } });
  });

  it('stands in the manual between its marks', () => {
    const lines = markdownTable(table).split('\n').slice(2);
    expect(lines).toEqual([
      '| Points | sum | database, Node | 1 | ≤ 1e-12 | Points 1.0 |',
      '| Points | old | refused | 1 |  |  |',
    ]);
    const [start, end] = ['<!-- formats: written by npm run generate:formats -->', '<!-- /formats -->'];
    expect(replaceTable(`a\n${start}\nold\n${end}\nb`, 'new')).toBe(`a\n${start}\n\nnew\n\n${end}\nb`);
    expect(() => replaceTable('a', 'new')).toThrow('no place for the table');
  });

  it('unfolds long lists, and names a program once for all its versions', () => {
    const models = Array.from({ length: 21 }, (_, i) => `m${String.fromCharCode(97 + i)}`);
    const versions = ['Points 1.1', 'Lines 2.0', 'by hand', 'Points 1.0'];
    const found = supportOf(
      versions.map((recordedBy, v) => passed({ case: `${v}`, models, recordedBy })),
      known,
    );
    expect(markdownTable(found).split('\n').at(-1)).toBe(
      `| Points | <details><summary>21</summary>${models.join(', ')}</details> | database, Node | 4 | ≤ 1e-12 | Lines 2.0, Points 1.0, 1.1, by hand |`,
    );
  });

  it.each([
    [0, 0],
    [1e-12, 1e-12],
    [1.0001e-12, 1e-11],
    [0.3, 1],
  ])('bounds %d by %d', (difference, bound) => expect(boundOf(difference)).toBe(bound));
});

describe('a run contradicts the table', () => {
  it.each<[string, ConformanceRecord[], string[]]>([
    ['never when it is the same', records, []],
    ['never by last bits', [passed(), passed({ engine: 'node', largestDifference: 1e-16 }), refused], []],
    ['never by a smaller difference', [passed({ largestDifference: 1e-15 }), ...records.slice(1)], []],
    [
      'by a greater one',
      [passed({ largestDifference: 2e-12 }), ...records.slice(1)],
      ['points, sum, database: the table bounds the difference by 1e-12, the run by 1e-11'],
    ],
    [
      'by a difference where there was none',
      [passed(), passed({ engine: 'node', largestDifference: 1e-14 }), refused],
      ['points, sum, node: the table bounds the difference by 0, the run by 1e-14'],
    ],
    [
      'by another number of cases',
      [passed(), ...records],
      [
        'points, database: the table has 1 cases, the run 2 cases',
        'points, sum, database: the table has 1 cases by Points 1.0, the run 2 cases by Points 1.0',
      ],
    ],
    [
      'by a model that is new',
      [passed({ models: ['sum', 'product'] }), ...records.slice(1)],
      ['points, product, database: is not in the table'],
    ],
    ['by a refusal that is gone', records.slice(0, 2), ['points, old/model.txt, refused: is not in the run']],
    [
      'by another reason',
      [...records.slice(0, 2), { ...refused, reason: 'too new' } as ConformanceRecord],
      ['points, old/model.txt, refused: the table has too old, the run too new'],
    ],
  ])('%s', (_, run, expected) => {
    expect(contradictions(table, supportOf(run, known))).toEqual(expected);
  });

  it('by a format of the registry that no case passes', () => {
    const untested = [...known, { format: 'dice', title: 'Dice' }];
    expect(contradictions(table, supportOf(records, untested))).toEqual([
      'dice: the registry has the format, and no conformance case passes',
    ]);
  });
});
