import type { Register, Tree } from '../../ir/model.ts';
import { type Decision, decide, type MissingStrategy, notAbove } from './decide.ts';
import type { Element } from './element.ts';
import type { Context } from './expressions.ts';
import type { Facts } from './facts.ts';
import type { Lowering } from './lowering.ts';
import { predicateIn } from './predicates.ts';
import { TreeColumns, TreeInputs } from './splits.ts';

/** Where rows of a tree end: at a <Node>, or at none. */
export type Leaf = Element | null;

/** A tree whose leaves are still nodes of the file. */
export interface GrownTree {
  readonly splits: Tree['splits'];
  readonly leaves: readonly Leaf[];
}

/** https://dmg.org/pmml/v4-4-1/TreeModel.html */
export function growTree(model: Element, context: Context, inputs: TreeInputs): GrownTree {
  return new Grower(model, context, inputs).grow(model.required('Node'));
}

const NODE_PARTS = [
  'SimplePredicate',
  'SimpleSetPredicate',
  'CompoundPredicate',
  'True',
  'False',
  'Partition',
  'ScoreDistribution',
  'Node',
  'Regression',
  'DecisionTree',
];

class Grower {
  private readonly columns: TreeColumns<Leaf>;
  private readonly context: Context;
  private readonly strategy: MissingStrategy;
  private readonly noTrue: 'last' | 'null';

  constructor(model: Element, context: Context, inputs: TreeInputs) {
    this.context = context;
    this.columns = new TreeColumns(inputs);
    this.strategy = model.choice(
      'missingValueStrategy',
      ['none', 'lastPrediction', 'nullPrediction', 'defaultChild'],
      'none',
    );
    const noTrue = model.choice(
      'noTrueChildStrategy',
      ['returnNullPrediction', 'returnLastPrediction'],
      'returnNullPrediction',
    );
    this.noTrue = noTrue === 'returnLastPrediction' ? 'last' : 'null';
  }

  grow(root: Element): GrownTree {
    const predicates = [predicateIn(root, this.context)];
    const choice = { predicates, noTrue: 'null', strategy: 'none', defaultChild: undefined } as const;
    this.emit(decide(choice, undefined, this.context.lowering), null, [root]);
    return { splits: this.columns.splits, leaves: this.columns.leaves };
  }

  private node(node: Element, facts: Facts | undefined): number {
    node.allow(...NODE_PARTS);
    const children = node.all('Node');
    if (children.length === 0) return this.columns.leaf(node);
    const choice = {
      predicates: children.map((child) => predicateIn(child, this.context)),
      noTrue: this.noTrue,
      strategy: this.strategy,
      defaultChild: this.strategy === 'defaultChild' ? defaultChild(node, children) : undefined,
    };
    const decision = decide(choice, facts, this.context.lowering);
    const single = repeats(decision, children) ? this.select(decision, facts, children.length) : decision;
    return this.emit(single, node, children);
  }

  /** The child of a split: the number of a split, or of a leaf as -1 - number. */
  private emit(decision: Decision, node: Element | null, children: readonly Element[]): number {
    switch (decision.kind) {
      case 'last':
        return this.columns.leaf(node);
      case 'null':
        return this.columns.leaf(null);
      case 'child':
        return this.node(children[decision.index]!, decision.facts);
      case 'split':
        return this.columns.split(
          decision,
          () => this.emit(decision.yes, node, children),
          () => this.emit(decision.no, node, children),
        );
    }
  }

  /** The same decision by a register that holds the child's number, so that no child stands in it twice. */
  private select(decision: Decision, facts: Facts | undefined, children: number): Decision {
    const register = chooser(decision, children, this.context.lowering);
    let result: Decision = { kind: 'null' };
    const used = usedChildren(decision);
    result = notAbove(register, children, { kind: 'last' }, result);
    for (let index = children - 1; index >= 0; index--) {
      if (used.has(index)) result = notAbove(register, index, { kind: 'child', index, facts }, result);
    }
    return result;
  }
}

/** undefined where the node names none: then what is missing has no prediction. */
function defaultChild(node: Element, children: readonly Element[]): number | undefined {
  const id = node.attributes.defaultChild;
  if (id === undefined) return undefined;
  const index = children.findIndex((child) => child.attributes.id === id);
  return index === -1 ? node.fail('names a defaultChild that is none of its children') : index;
}

function usedChildren(decision: Decision): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const open = [decision];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (each.kind === 'split') open.push(each.yes, each.no);
    if (each.kind === 'child') counts.set(each.index, (counts.get(each.index) ?? 0) + 1);
  }
  return counts;
}

/** Whether a child with children of its own stands in the decision more than once. */
function repeats(decision: Decision, children: readonly Element[]): boolean {
  for (const [index, count] of usedChildren(decision)) {
    if (count > 1 && children[index]!.children.some(({ name }) => name === 'Node')) return true;
  }
  return false;
}

/** A register that holds the number of the child that the decision leads to; `children` for the node itself, then null. */
function chooser(decision: Decision, children: number, lowering: Lowering): Register {
  const inputs = new TreeInputs();
  const columns = new TreeColumns<number>(inputs);
  const emit = (each: Decision): number => {
    if (each.kind === 'split')
      return columns.split(
        each,
        () => emit(each.yes),
        () => emit(each.no),
      );
    return columns.leaf(each.kind === 'child' ? each.index : each.kind === 'last' ? children : children + 1);
  };
  emit(decision);
  const tree: Tree = { output: 'all', weight: 1, splits: columns.splits, leaves: columns.leaves };
  return lowering.b.forest(inputs.registers, [tree], [0], 'float64')[0]!;
}
