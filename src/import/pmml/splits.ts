import { type Register, SplitTest, type Tree } from '../../ir/model.ts';
import type { Split } from './decide.ts';

/** The registers that the trees of one ensemble read. */
export class TreeInputs {
  readonly registers: Register[] = [];
  private readonly places = new Map<Register, number>();

  place(register: Register): number {
    let place = this.places.get(register);
    if (place === undefined) {
      place = this.registers.push(register) - 1;
      this.places.set(register, place);
    }
    return place;
  }
}

/** The splits and leaves of a tree under way; children are put in as they are made. */
export class TreeColumns<Leaf> {
  readonly leaves: Leaf[] = [];
  private readonly inputs: TreeInputs;
  private readonly columns = {
    feature: [] as number[],
    test: [] as SplitTest[],
    threshold: [] as number[],
    left: [] as number[],
    right: [] as number[],
    sets: [] as (readonly number[])[],
  };

  constructor(inputs: TreeInputs) {
    this.inputs = inputs;
  }

  get splits(): Tree['splits'] {
    return this.columns;
  }

  /** The reference to a new leaf. */
  leaf(leaf: Leaf): number {
    return -this.leaves.push(leaf);
  }

  /** The reference to a new split over what the two make. */
  split({ test, missing }: Split, left: () => number, right: () => number): number {
    const { columns } = this;
    const split = columns.feature.push(this.inputs.place(test.register)) - 1;
    const isLeft = missing === 'yes';
    if (test.kind === 'threshold') {
      columns.test.push(isLeft ? SplitTest.nanLeft : SplitTest.nanRight);
      columns.threshold.push(test.threshold);
    } else {
      columns.test.push(isLeft ? SplitTest.setNanLeft : SplitTest.setNanRight);
      columns.threshold.push(columns.sets.push(test.codes.filter((code) => code >= 0)) - 1);
    }
    columns.left.push(0);
    columns.right.push(0);
    columns.left[split] = left();
    columns.right[split] = right();
    return split;
  }
}
