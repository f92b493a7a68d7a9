import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import { importText, numbers, pmmlText, schema, texts } from './files.ts';

/**
 * Random trees, read and walked twice: as PMML by the importer, and here by the letter of the specification, node by
 * node: https://dmg.org/pmml/v4-4-1/TreeModel.html
 */

type Value = number | string | null;
type Row = Readonly<Record<string, Value>>;
type Truth = boolean | null;

type Predicate =
  | { readonly kind: 'true' }
  | { readonly kind: 'false' }
  | { readonly kind: 'simple'; readonly field: string; readonly operator: string; readonly value: string }
  | {
      readonly kind: 'set';
      readonly field: string;
      readonly operator: string;
      readonly values: readonly string[];
    }
  | { readonly kind: 'compound'; readonly operator: string; readonly parts: readonly Predicate[] };

interface Node {
  readonly predicate: Predicate;
  readonly scored: boolean;
  readonly defaultChild: number;
  readonly children: readonly Node[];
}

const NUMBERS = ['x', 'y'];
const KNOWN = ['a', 'b', 'c'];
const POINTS = [-1, 0, 0.5, 2];

const simpleNumber = fc.record({
  kind: fc.constant('simple' as const),
  field: fc.constantFrom(...NUMBERS),
  operator: fc.constantFrom(
    'equal',
    'notEqual',
    'lessThan',
    'lessOrEqual',
    'greaterThan',
    'greaterOrEqual',
    'isMissing',
    'isNotMissing',
  ),
  value: fc.constantFrom(...POINTS.map(String)),
});
const simpleText = fc.record({
  kind: fc.constant('simple' as const),
  field: fc.constantFrom('s', 't'),
  operator: fc.constantFrom('equal', 'notEqual', 'isMissing', 'isNotMissing'),
  value: fc.constantFrom(...KNOWN),
});
const set = fc.record({
  kind: fc.constant('set' as const),
  field: fc.constantFrom('s', 't'),
  operator: fc.constantFrom('isIn', 'isNotIn'),
  values: fc.subarray(KNOWN, { minLength: 1 }),
});
const leafPredicate: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Predicate>({ kind: 'true' }, { kind: 'false' }) },
  { weight: 6, arbitrary: simpleNumber },
  { weight: 3, arbitrary: simpleText },
  { weight: 3, arbitrary: set },
);
const predicate: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 6, arbitrary: leafPredicate },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compound' as const),
      operator: fc.constantFrom('and', 'or', 'xor', 'surrogate'),
      parts: fc.array(leafPredicate, { minLength: 2, maxLength: 3 }),
    }),
  },
);

/** A node with at most so many levels below it. */
function nodeOf(levels: number): fc.Arbitrary<Node> {
  const children = levels === 0 ? fc.constant([]) : fc.array(nodeOf(levels - 1), { maxLength: 3 });
  return fc.record({ predicate, scored: fc.boolean(), defaultChild: fc.nat(3), children });
}

const model = fc.record({
  strategy: fc.constantFrom('none', 'lastPrediction', 'nullPrediction', 'defaultChild'),
  noTrue: fc.constantFrom('returnNullPrediction', 'returnLastPrediction'),
  children: fc.array(nodeOf(2), { minLength: 1, maxLength: 4 }),
});

const aNumber = fc.oneof(
  fc.constant(null),
  fc.constantFrom(...POINTS.flatMap((point) => [point, point + 2 ** -40, point - 2 ** -40, point - 0.3])),
);
const row: fc.Arbitrary<Row> = fc.record({
  x: aNumber,
  y: aNumber,
  s: fc.constantFrom(null, ...KNOWN, 'z'),
  t: fc.constantFrom(null, ...KNOWN),
});

function truth(predicate: Predicate, row: Row): Truth {
  switch (predicate.kind) {
    case 'true':
      return true;
    case 'false':
      return false;
    case 'simple': {
      const value = row[predicate.field]!;
      if (predicate.operator === 'isMissing') return value === null;
      if (predicate.operator === 'isNotMissing') return value !== null;
      if (value === null) return null;
      const other = typeof value === 'number' ? Number(predicate.value) : predicate.value;
      switch (predicate.operator) {
        case 'equal':
          return value === other;
        case 'notEqual':
          return value !== other;
        case 'lessThan':
          return value < other;
        case 'lessOrEqual':
          return value <= other;
        case 'greaterThan':
          return value > other;
        default:
          return value >= other;
      }
    }
    case 'set': {
      const value = row[predicate.field]!;
      if (value === null) return null;
      return predicate.values.includes(value as string) === (predicate.operator === 'isIn');
    }
    case 'compound': {
      const parts = predicate.parts.map((part) => truth(part, row));
      switch (predicate.operator) {
        case 'and':
          return parts.includes(false) ? false : parts.includes(null) ? null : true;
        case 'or':
          return parts.includes(true) ? true : parts.includes(null) ? null : false;
        case 'xor':
          return parts.includes(null) ? null : parts.filter((part) => part).length % 2 === 1;
        default:
          return parts.find((part) => part !== null) ?? null;
      }
    }
  }
}

type Model = typeof model extends fc.Arbitrary<infer T> ? T : never;

/** The number of the node whose score is the answer, or null. `numbers` counts nodes in document order. */
function walk(tree: Model, row: Row, ids: ReadonlyMap<Node, number>): number | null {
  const own = (node: Node): number | null => (node.scored ? ids.get(node)! : null);
  let current: Node = rootOf(tree);
  for (;;) {
    if (current.children.length === 0) return own(current);
    let next: Node | undefined;
    for (const child of current.children) {
      const state = truth(child.predicate, row);
      if (state === true) {
        next = child;
        break;
      }
      if (state === null && tree.strategy !== 'none') {
        if (tree.strategy === 'nullPrediction') return null;
        if (tree.strategy === 'lastPrediction') return own(current);
        next = current.children[current.defaultChild % current.children.length]!;
        break;
      }
    }
    if (next === undefined) return tree.noTrue === 'returnLastPrediction' ? own(current) : null;
    current = next;
  }
}

const ROOTS = new WeakMap<Model, Node>();

function rootOf(tree: Model): Node {
  let root = ROOTS.get(tree);
  if (root === undefined) {
    root = { predicate: { kind: 'true' }, scored: true, defaultChild: 0, children: tree.children };
    ROOTS.set(tree, root);
  }
  return root;
}

function number(node: Node, ids: Map<Node, number>): void {
  ids.set(node, ids.size);
  for (const child of node.children) number(child, ids);
}

function predicateXml(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'true':
      return '<True/>';
    case 'false':
      return '<False/>';
    case 'simple': {
      const { field, operator, value } = predicate;
      const given = operator === 'isMissing' || operator === 'isNotMissing' ? '' : ` value="${value}"`;
      return `<SimplePredicate field="${field}" operator="${operator}"${given}/>`;
    }
    case 'set': {
      const { field, operator, values } = predicate;
      const array = `<Array n="${values.length}" type="string">${values.join(' ')}</Array>`;
      return `<SimpleSetPredicate field="${field}" booleanOperator="${operator}">${array}</SimpleSetPredicate>`;
    }
    case 'compound':
      return `<CompoundPredicate booleanOperator="${predicate.operator}">${predicate.parts.map(predicateXml).join('')}</CompoundPredicate>`;
  }
}

function nodeXml(node: Node, ids: ReadonlyMap<Node, number>): string {
  const id = ids.get(node)!;
  const fallback = node.children[node.defaultChild % Math.max(1, node.children.length)];
  const score = node.scored ? ` score="${id}"` : '';
  const other = fallback === undefined ? '' : ` defaultChild="${ids.get(fallback)}"`;
  const children = node.children.map((child) => nodeXml(child, ids)).join('');
  return `<Node id="${id}"${score}${other}>${predicateXml(node.predicate)}${children}</Node>`;
}

function treeXml(tree: Model, ids: ReadonlyMap<Node, number>): string {
  return `<TreeModel functionName="regression" missingValueStrategy="${tree.strategy}" noTrueChildStrategy="${tree.noTrue}">
    ${schema(['x', 'y', 's', 't'])}${nodeXml(rootOf(tree), ids)}</TreeModel>`;
}

// s may be any text, t one of three.
const FIELDS = numbers(...NUMBERS) + texts('s') + texts('t', ...KNOWN);

function valuesOf(row: Row): Value[] {
  return ['x', 'y', 's', 't'].map((name) => row[name]!);
}

describe('trees', () => {
  it('end where the specification says', () => {
    fc.assert(
      fc.property(model, fc.array(row, { minLength: 20, maxLength: 40 }), (tree, rows) => {
        const ids = new Map<Node, number>();
        number(rootOf(tree), ids);
        const { model: imported } = importText(pmmlText(FIELDS, treeXml(tree, ids)));
        const got = rows.map((each) => evaluate(imported, valuesOf(each)).prediction.value);
        expect(got).toEqual(rows.map((each) => walk(tree, each, ids)));
      }),
      { numRuns: 400 },
    );
  });

  it('sum to what each gives, or to no prediction when one gives none', () => {
    fc.assert(
      fc.property(
        fc.array(model, { minLength: 1, maxLength: 4 }),
        fc.array(row, { minLength: 20 }),
        (trees, rows) => {
          const parts = trees.map((tree) => {
            const ids = new Map<Node, number>();
            number(rootOf(tree), ids);
            return { tree, ids };
          });
          const segments = parts
            .map(({ tree, ids }) => `<Segment><True/>${treeXml(tree, ids)}</Segment>`)
            .join('');
          const text = `<MiningModel functionName="regression">${schema(['x', 'y', 's', 't'])}
          <Segmentation multipleModelMethod="sum">${segments}</Segmentation></MiningModel>`;
          const { model: imported } = importText(pmmlText(FIELDS, text));
          const got = rows.map((each) => evaluate(imported, valuesOf(each)).prediction.value);
          const expected = rows.map((each) => {
            const answers = parts.map(({ tree, ids }) => walk(tree, each, ids));
            return answers.includes(null) ? null : (answers as number[]).reduce((a, b) => a + b, 0);
          });
          expect(got).toEqual(expected);
        },
      ),
      { numRuns: 150 },
    );
  });
});
