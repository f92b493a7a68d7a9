import { PgscoreError } from '../../errors.ts';
import { type GraphOutput, type GraphTensor, type OutputElement, outputNames } from '../../ir/graph.ts';
import type { Task } from '../../ir/model.ts';
import type { ImportOptions } from '../importer.ts';
import { DATA_TYPES, dataTypeOf, type OnnxFile, tensorTypeOf, type ValueInfo } from './file.ts';
import type { GraphSpec, OutputReference } from './graph-spec.ts';
import { sizeOf } from './value.ts';

export interface GraphOutputs {
  readonly task: Task;
  readonly output: GraphOutput;
  readonly outputTensors: readonly GraphTensor[];
  readonly notes: readonly string[];
}

/** An output tensor: what its elements are, and how many a row has, when the file says so. */
interface Tensor {
  readonly name: string;
  readonly kind: 'float' | 'whole' | 'text';
  readonly width: number | undefined;
}

/** The parts of a prediction, as the description says or as names and shapes tell. */
type Parts = Pick<GraphOutput, 'value' | 'raw' | 'values'> & {
  readonly labels?: readonly string[];
  readonly probabilities?: readonly OutputElement[];
  readonly predicted?: OutputElement;
  readonly codes?: readonly (number | string)[];
};

/**
 * What a graph's outputs are as a prediction. @throws PgscoreError PGS_UNSUPPORTED when none is a tensor, PGS_USAGE for
 * labels or a description that do not fit
 */
export function readGraphOutputs(
  file: OnnxFile,
  options: ImportOptions,
  spec: GraphSpec | undefined,
): GraphOutputs {
  const tensors = file.graph.outputs.flatMap(({ name, type }): Tensor[] => {
    if (type.kind !== 'tensor') return [];
    const width = type.dims?.slice(1).includes(undefined) ? undefined : type.dims?.slice(1);
    return [{ name, kind: kindOf(type.code), width: width && sizeOf(width as number[]) }];
  });
  if (tensors.length === 0) refuseMaps(file);
  const described = spec !== undefined && Object.keys(spec.outputs).some((key) => key !== 'labels');
  const labels = knownLabels(file, options, spec);
  const parts = described
    ? describedParts(spec, tensors, labels?.texts)
    : guessedParts(file, tensors, labels);
  const output = outputOf(parts);
  const used = outputNames(output);
  return {
    task: spec?.task ?? taskOf(parts),
    output,
    outputTensors: file.graph.outputs.flatMap(declaredTensor),
    notes: file.graph.outputs
      .filter(({ name }) => !used.includes(name))
      .map(({ name }) => `The graph's output ${JSON.stringify(name)} is left out.`),
  };
}

/** None for maps, sequences and types that onnxruntime-node does not give. */
function declaredTensor({ name, type }: ValueInfo): GraphTensor[] {
  const elements = type.kind === 'tensor' ? tensorTypeOf(type.code) : undefined;
  if (type.kind !== 'tensor' || elements === undefined) return [];
  return [{ name, type: elements, shape: (type.dims ?? [undefined]).map((size) => size ?? null) }];
}

function kindOf(code: number): Tensor['kind'] {
  if (code === DATA_TYPES.string) return 'text';
  const type = dataTypeOf(code);
  // Half-precision types have no name among those that the database scores.
  return type === undefined || type === 'float32' || type === 'float64' ? 'float' : 'whole';
}

function refuseMaps({ name }: OnnxFile): never {
  throw new PgscoreError('PGS_UNSUPPORTED', `${name}: no output of the graph is a tensor.`, {
    hint: "Convert the model with options={'zipmap': False}: onnxruntime-node does not give maps.",
  });
}

interface Labels {
  readonly texts: readonly string[];
  /** What the graph's own answer holds for each. */
  readonly codes?: readonly (number | string)[];
}

/** The labels that the caller gives, or those of the graph's classifier. */
function knownLabels(
  file: OnnxFile,
  options: ImportOptions,
  spec: GraphSpec | undefined,
): Labels | undefined {
  const given = options.labels ?? spec?.outputs.labels;
  const own = classifierLabels(file);
  const repeated = given?.find((label, k) => given.indexOf(label) !== k);
  if (repeated !== undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: the label ${JSON.stringify(repeated)} was given twice.`,
    );
  }
  if (given === undefined) return own === undefined ? undefined : { texts: own.map(String), codes: own };
  if (own === undefined) return { texts: given };
  if (own.length !== given.length) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: ${given.length} labels were given, but the model has ${own.length} classes.`,
    );
  }
  return { texts: given, codes: own };
}

function classifierLabels({ graph }: OnnxFile): readonly (number | string)[] | undefined {
  for (const { attributes } of graph.nodes) {
    const texts = attributes.get('classlabels_strings')?.texts ?? attributes.get('class_labels')?.texts ?? [];
    const numbers = (attributes.get('classlabels_int64s') ?? attributes.get('classlabels_ints'))?.ints ?? [];
    const labels = texts.length > 0 ? texts : numbers;
    if (labels.length > 1) return labels;
  }
  return undefined;
}

function describedParts(
  spec: GraphSpec,
  tensors: readonly Tensor[],
  labels: readonly string[] | undefined,
): Parts {
  const { value, raw, values, probabilities, predicted, codes } = spec.outputs;
  const find = (name: string): Tensor =>
    tensors.find((tensor) => tensor.name === name) ??
    spec.fail(
      `outputs names ${JSON.stringify(name)}; the graph gives ${tensors.map((each) => each.name).join(', ')}`,
    );
  const element = (reference: OutputReference): OutputElement => {
    const { output, index } = typeof reference === 'string' ? { output: reference, index: 0 } : reference;
    const { width = Infinity } = find(output);
    if (index < width) return { output, index };
    return spec.fail(
      `outputs asks for element ${index} of ${JSON.stringify(output)}, which has ${width} a row, from 0`,
    );
  };
  if ((probabilities ?? predicted) !== undefined && labels === undefined) {
    spec.fail('outputs has probabilities or predicted, but no labels');
  }
  const chances =
    typeof probabilities === 'string' ? chancesOf(find(probabilities), labels!) : probabilities?.map(element);
  if (chances !== undefined && !countsFit(chances.length, labels!)) {
    spec.fail(`outputs has ${chances.length} probabilities for ${labels!.length} labels`);
  }
  if (codes !== undefined && codes.length !== labels?.length) {
    spec.fail(`outputs has ${codes.length} codes for ${labels?.length ?? 0} labels`);
  }
  return {
    ...(value === undefined ? {} : { value: element(value) }),
    ...(raw === undefined ? {} : { raw: find(raw).name }),
    ...(values === undefined ? {} : { values: find(values).name }),
    ...(labels === undefined ? {} : { labels }),
    ...(chances === undefined ? {} : { probabilities: chances }),
    ...(predicted === undefined ? {} : { predicted: element(predicted) }),
    ...(codes === undefined ? {} : { codes }),
  };
}

function countsFit(count: number, labels: readonly string[]): boolean {
  return count === labels.length || (count === 1 && labels.length === 2);
}

/** One element a label, or the only one. */
function chancesOf({ name, width }: Tensor, labels: readonly string[]): readonly OutputElement[] {
  return Array.from({ length: width ?? labels.length }, (_, index) => ({ output: name, index }));
}

/** Names that exporters give: 'probabilities', 'output_probability'; 'logits', 'scores', 'margin'. */
const PROBABLE = /prob/i;
const SCORES = /logit|raw|score|margin|decision/i;

function guessedParts(file: OnnxFile, tensors: readonly Tensor[], labels: Labels | undefined): Parts {
  const floats = tensors.filter(({ kind }) => kind === 'float');
  const likely =
    floats.find(({ name }) => PROBABLE.test(name)) ?? floats.find(({ name }) => !SCORES.test(name));
  if (labels !== undefined) return classifierParts(file, tensors, floats, likely, labels);
  const main = likely ?? floats[0] ?? tensors[0]!;
  if (main.width !== 1) return { values: main.name };
  const raw = floats.find((each) => each !== main && SCORES.test(each.name)) ?? main;
  return { value: { output: main.name, index: 0 }, raw: raw.name };
}

function classifierParts(
  file: OnnxFile,
  tensors: readonly Tensor[],
  floats: readonly Tensor[],
  likely: Tensor | undefined,
  { texts, codes }: Labels,
): Parts {
  const fits = (tensor: Tensor) => tensor.width === undefined || countsFit(tensor.width, texts);
  const chances = likely !== undefined && fits(likely) ? likely : undefined;
  const answer = tensors.find(({ kind, width }) => kind !== 'float' && width === 1);
  if (chances === undefined && answer === undefined) {
    throw new PgscoreError(
      'PGS_USAGE',
      `${file.name}: no output of the graph gives a label or the probabilities of ${texts.length} labels (${texts.join(', ')}).`,
      { hint: 'Say which outputs do in a JSON file, and give it with --inputs.' },
    );
  }
  const raw = floats.find((each) => each !== chances && SCORES.test(each.name)) ?? chances;
  return {
    labels: texts,
    ...(raw === undefined ? {} : { raw: raw.name }),
    ...(chances === undefined ? {} : { probabilities: chancesOf(chances, texts) }),
    ...(answer === undefined ? {} : { predicted: { output: answer.name, index: 0 } }),
    ...(answer === undefined || codes === undefined ? {} : { codes }),
  };
}

/** Of two labels the second one's probability is the value, unless another was named. */
function outputOf({ value, raw, values, labels, probabilities = [], predicted, codes }: Parts): GraphOutput {
  const chosen = value ?? (labels?.length === 2 ? probabilities.at(-1) : undefined);
  return {
    ...(chosen === undefined ? {} : { value: chosen }),
    ...(raw === undefined ? {} : { raw }),
    ...(values === undefined ? {} : { values }),
    ...(labels === undefined
      ? {}
      : {
          classes: {
            labels,
            probabilities,
            ...(predicted === undefined ? {} : { predicted }),
            ...(codes === undefined ? {} : { codes }),
          },
        }),
  };
}

function taskOf({ labels }: Parts): Task {
  if (labels === undefined) return 'regression';
  return labels.length === 2 ? 'binary' : 'multiclass';
}
