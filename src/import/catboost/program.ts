import type { LinkFunction, Register, Step } from '../../ir/model.ts';
import { stepWidth } from '../../ir/model.ts';

/** The steps of a model under way. CatBoost sums and links in float64. */
export class Program {
  readonly steps: Step[] = [];
  private next: Register;

  constructor(features: number) {
    this.next = features;
  }

  /** Appends a step; returns the registers that it writes. */
  add(step: Step): readonly Register[] {
    this.steps.push(step);
    const first = this.next;
    this.next += stepWidth(step);
    return Array.from({ length: this.next - first }, (_, i) => first + i);
  }

  link(linkFunction: LinkFunction, inputs: readonly Register[]): readonly Register[] {
    return this.add({ kind: 'link', inputs, precision: 'float64', function: linkFunction });
  }
}
