import type { ImportedGraph } from './import/importer.ts';
import type { GraphModel } from './ir/graph.ts';

/** What `pgscore inspect` says of a model that the sidecar runs. */
export interface GraphInspection {
  readonly format: string;
  readonly formatVersion: string | null;
  readonly objective: string | null;
  readonly task: string;
  readonly features: readonly {
    readonly name: string;
    readonly type: 'number' | 'text' | 'array';
    readonly categories?: readonly string[];
    /** Of arrays: '[3, 224, 224]'; 'any' is a length that rows may choose. */
    readonly shape?: string;
  }[];
  /** The graph's tensors, of one row. */
  readonly inputs: readonly { readonly name: string; readonly type: string; readonly shape: string }[];
  readonly outputs: {
    readonly value: string;
    readonly labels?: readonly string[];
    /** Names of output tensors. */
    readonly raw?: string;
    readonly values?: string;
  };
  readonly size: { readonly fileBytes: number };
  readonly engine: 'sidecar';
  /** Why not in the database. */
  readonly reason: string;
  readonly notes: readonly string[];
}

export function inspectGraph({ graph, source, reason }: ImportedGraph, fileBytes: number): GraphInspection {
  const { raw, values, classes } = graph.output;
  return {
    format: source.format,
    formatVersion: source.formatVersion,
    objective: source.objective,
    task: graph.task,
    features: graph.features.map((feature) => ({
      name: feature.name,
      type: feature.kind,
      ...(feature.kind === 'text' && feature.categories !== undefined
        ? { categories: feature.categories }
        : {}),
      ...(feature.kind === 'array' ? { shape: show(feature.shape) } : {}),
    })),
    inputs: graph.inputs.map(({ name, type, shape }) => ({ name, type, shape: show(shape) })),
    outputs: {
      value: describeGraphValue(graph),
      ...(classes === undefined ? {} : { labels: classes.labels }),
      ...(raw === undefined ? {} : { raw }),
      ...(values === undefined ? {} : { values }),
    },
    size: { fileBytes },
    engine: 'sidecar',
    reason,
    notes: source.notes,
  };
}

function show(shape: readonly (number | null)[]): string {
  return `[${shape.map((size) => size ?? 'any').join(', ')}]`;
}

/** What `value` is, for people. */
function describeGraphValue({ output: { value, values, classes } }: GraphModel): string {
  if (value === undefined) {
    return classes === undefined
      ? `none; the array is output ${JSON.stringify(values)}`
      : 'the position of the predicted label';
  }
  const element = value.index === 0 ? '' : `, element ${value.index}`;
  const output = `output ${JSON.stringify(value.output)}${element}`;
  const likely = classes?.labels.length === 2 && isLast(value, classes.probabilities);
  return likely ? `the probability of ${JSON.stringify(classes.labels[1])} (${output})` : output;
}

function isLast(
  { output, index }: { readonly output: string; readonly index: number },
  probabilities: readonly { readonly output: string; readonly index: number }[],
): boolean {
  const last = probabilities.at(-1);
  return last?.output === output && last.index === index;
}
