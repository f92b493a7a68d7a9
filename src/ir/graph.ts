/**
 * A model that stays a graph of tensor operations: what an ONNX file is to the sidecar, which runs it in onnxruntime.
 * This says how a row's features become the graph's input tensors and what its output tensors mean; the file's bytes are
 * kept beside it.
 *
 * A batch of rows is one run: axis 0 of every tensor counts the rows.
 */
import type { Task } from './model.ts';

export interface GraphModel {
  readonly graphVersion: 1;
  readonly task: Task;
  /** Present when the graph takes one row a run, whatever the batch. */
  readonly rowsPerRun?: 1;
  /** The signature's inputs. Names are unique; any text is a valid name. */
  readonly features: readonly GraphFeature[];
  /** One a tensor that the graph takes. */
  readonly inputs: readonly GraphInput[];
  readonly output: GraphOutput;
  /** The tensors that the graph gives, those that no prediction is read from too. */
  readonly outputTensors: readonly GraphTensor[];
}

/** An output tensor as the file declares it. */
export interface GraphTensor {
  readonly name: string;
  readonly type: TensorType;
  /** With the axis of rows, and that one alone where the file does not say how many there are; null is any length. */
  readonly shape: readonly (number | null)[];
}

export type GraphFeature = GraphNumber | GraphText | GraphArray;

export interface GraphNumber {
  readonly kind: 'number';
  readonly name: string;
}

export interface GraphText {
  readonly kind: 'text';
  readonly name: string;
  /** The texts that the model knows; absent when the graph itself takes texts. */
  readonly categories?: readonly string[];
}

/** An array of numbers: a series, an image, an embedding. NULL gives a NULL prediction. */
export interface GraphArray {
  readonly kind: 'array';
  readonly name: string;
  /** The shape of one row's array, without the axis of rows; null is any length (then all rows of a run share it). */
  readonly shape: readonly (number | null)[];
}

/** Element types of tensors, in onnxruntime's words. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool'
  | 'string';

/** One input tensor of the graph. */
export interface GraphInput {
  readonly name: string;
  readonly type: TensorType;
  /** Of one row, without the axis of rows. [] for a tensor of rank 1, one number a row. */
  readonly shape: readonly (number | null)[];
  /** One array feature as it is, or one element after the other, as many as `shape` has. */
  readonly from: { readonly array: number } | { readonly elements: readonly GraphElement[] };
}

/** How one feature becomes one element of a tensor. `feature` indexes `GraphModel.features`. */
export type GraphElement =
  /**
   * (x - subtract) / divide in float64, then rounded to the tensor's type; `missing` stands in for NULL and NaN before
   * that, and is NaN when a float tensor is to see the missing value itself.
   */
  | {
      readonly kind: 'number';
      readonly feature: number;
      readonly missing: number;
      readonly subtract: number;
      readonly divide: number;
    }
  /** codes[position in categories]; the text must match exactly. */
  | {
      readonly kind: 'category';
      readonly feature: number;
      readonly categories: readonly string[];
      readonly codes: readonly number[];
      readonly missing: number;
      readonly unknown: number;
    }
  /** The text itself, for tensors of strings; NULL is `missing`. */
  | { readonly kind: 'text'; readonly feature: number; readonly missing: string };

/** An element of an output tensor: of row n, element `index` of that tensor's row, flattened. */
export interface OutputElement {
  readonly output: string;
  readonly index: number;
}

/** Where the parts of a prediction are found, as in `Output` of model.ts. */
export interface GraphOutput {
  /** Absent when the model predicts an array only (an embedding), or one of several labels: its position from 0 then. */
  readonly value?: OutputElement;
  /** A whole output tensor's row, flattened: scores before the link. */
  readonly raw?: string;
  /** A whole output tensor's row, flattened: the array that an array column takes. */
  readonly values?: string;
  /** For classifiers. The predicted class is the tensor `predicted`'s own answer, else the most probable label. */
  readonly classes?: {
    readonly labels: readonly string[];
    /** One element a label; or one element, the probability of the second of two labels; none when the graph gives none. */
    readonly probabilities: readonly OutputElement[];
    readonly predicted?: OutputElement;
    /** What `predicted` holds for each label, when that is neither the label's position nor its text. */
    readonly codes?: readonly (number | string)[];
  };
}

/** The output tensors that a prediction is read from. */
export function outputNames({ value, raw, values, classes }: GraphOutput): string[] {
  const elements = [value, ...(classes?.probabilities ?? []), classes?.predicted];
  const names = [...elements.map((element) => element?.output), raw, values];
  return [...new Set(names.filter((name) => name !== undefined))];
}
