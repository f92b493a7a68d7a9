import { type LinkFunction, type Precision, type Register, type Step, stepWidth } from '../ir/model.ts';

/** The steps of a model under way, with the number of the next free register. */
export class Program {
  readonly steps: Step[] = [];
  private next: Register;
  private readonly precision: Precision;

  /** `precision`: what the library computes links in. */
  constructor(features: number, precision: Precision) {
    this.next = features;
    this.precision = precision;
  }

  /** Appends a step; returns the registers that it writes. */
  add(step: Step): Register[] {
    this.steps.push(step);
    const first = this.next;
    this.next += stepWidth(step);
    return Array.from({ length: this.next - first }, (_, i) => first + i);
  }

  link(linkFunction: LinkFunction, inputs: readonly Register[]): Register[] {
    return this.add({ kind: 'link', inputs, precision: this.precision, function: linkFunction });
  }
}
