import type { Feature, Step, Task } from './model.ts';

/**
 * What stands around a program has to know: how callers feed it, and what its answers mean. A model of the IR is one
 * as it is; a hand-written scorer has one from its types.
 */
export interface Signature {
  readonly task: Task;
  readonly features: readonly Feature[];
  /** The encodings of text features that are done before the program are among them. */
  readonly steps: readonly Step[];
  readonly output: {
    readonly classes?: {
      readonly labels: readonly string[];
      /** Present when there is a probability a class. */
      readonly probabilities?: readonly unknown[];
    };
    /** Present when the model predicts several numbers. */
    readonly values?: readonly unknown[];
    /** What `value` means, where the task does not say it. */
    readonly meaning?: string;
    /** Whether a row may have no prediction: NULL. */
    readonly optional?: boolean;
  };
}
