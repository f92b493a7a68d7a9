import { PgscoreError } from '../../errors.ts';
import type { Graph, Node, OnnxFile, TensorData } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { Attributes } from './operator.ts';
import { operatorName, operatorOf } from './operators.ts';
import { orderNodes } from './order.ts';
import type { RowProgram } from './program.ts';
import { checkSize } from './shapes.ts';
import { readTensorData } from './tensor.ts';
import type { TextTables } from './texts.ts';
import type { Value } from './value.ts';

/** Elements that all nodes together may read and write; bounds what a small file can ask for. */
const MAX_WORK = 2 ** 24;
/** What a node costs beside its elements. */
const WORK_OF_NODE = 16;

export const SIDECAR_HINT =
  'The sidecar runs models like this one whole, in onnxruntime: pgscore deploy registers it, pgscore sidecar scores ' +
  'tables and answers over HTTP; pgscore predict runs it in this process.';

/** Lowers graphs node by node: values instead of tensors, steps instead of work. */
export class GraphRunner {
  readonly #file: OnnxFile;
  readonly #program: RowProgram;
  readonly #texts: TextTables;
  #work = 0;

  constructor(file: OnnxFile, program: RowProgram, texts: TextTables) {
    this.#file = file;
    this.#program = program;
    this.#texts = texts;
  }

  /**
   * The graph's outputs, given its inputs by name and, for a graph inside of a node, the values around it.
   * @throws PgscoreError PGS_FILE, PGS_UNSUPPORTED
   */
  run(graph: Graph, inputs: ReadonlyMap<string, Value>, around?: Scope): readonly Value[] {
    const { name: file } = this.#file;
    const wanted = graph.outputs.map(({ name }) => name);
    const nodes = orderNodes(file, graph, wanted);
    this.#checkOperators(graph, nodes);
    this.#charge(graph.nodes.length * WORK_OF_NODE);
    const scope = new Scope(file, graph.initializers, inputs, around);
    for (const node of nodes) this.#runNode(node, scope);
    return wanted.map((name) => scope.get(name, 'an output of the graph'));
  }

  #checkOperators(graph: Graph, nodes: readonly Node[]): void {
    if (graph.sparseInitializers > 0) {
      throw new PgscoreError('PGS_UNSUPPORTED', `${this.#file.name}: it has sparse constants.`, {
        hint: SIDECAR_HINT,
      });
    }
    const unknown = nodes.filter((node) => operatorOf(node) === undefined);
    if (unknown.length === 0) return;
    const names = [...new Set(unknown.map(operatorName))];
    const others =
      names.length > 1 ? `, nor ${names.slice(1, 6).join(', ')}${names.length > 6 ? ', …' : ''}` : '';
    throw new PgscoreError(
      'PGS_UNSUPPORTED',
      `${describe(this.#file.name, unknown[0]!)}: the operator is not scored in the database${others}.`,
      { hint: SIDECAR_HINT },
    );
  }

  #runNode(node: Node, scope: Scope): void {
    const where = describe(this.#file.name, node);
    const inputs = node.inputs.map((name) => (name === '' ? undefined : scope.get(name, where)));
    try {
      this.#chargeValues(inputs);
      const outputs = operatorOf(node)!({
        program: this.#program,
        texts: this.#texts,
        node,
        version: this.#file.opsets.get(node.domain) ?? 1,
        inputs,
        attributes: new Attributes(node.attributes, where),
        runGraph: (graph, values) => this.#runInner(graph, values, scope),
      });
      this.#chargeValues(outputs);
      node.outputs.forEach((name, k) => {
        if (name === '') return;
        const value = outputs[k];
        if (value !== undefined) scope.set(name, value);
      });
    } catch (error) {
      throw explain(error, where);
    }
  }

  #runInner(graph: Graph, values: readonly Value[], scope: Scope): readonly Value[] {
    if (graph.inputs.length !== values.length)
      throw new NodeError(`its graph takes ${graph.inputs.length} inputs`);
    return this.run(graph, new Map(graph.inputs.map(({ name }, k) => [name, values[k]!])), scope);
  }

  #chargeValues(values: readonly (Value | undefined)[]): void {
    for (const value of values) {
      if (value?.kind !== 'tensor') continue;
      checkSize(value.shape);
      this.#charge(value.elements.length);
    }
  }

  #charge(work: number): void {
    this.#work += work;
    if (this.#work > MAX_WORK) throw new UnsupportedNode('the graph moves too many numbers for one row');
  }
}

/** Values by name: a graph's inputs, its constants (read when first asked for) and what its nodes gave so far. */
class Scope {
  readonly #file: string;
  readonly #values: Map<string, Value>;
  readonly #constants: ReadonlyMap<string, TensorData>;
  readonly #around: Scope | undefined;

  constructor(
    file: string,
    constants: readonly TensorData[],
    inputs: ReadonlyMap<string, Value>,
    around: Scope | undefined,
  ) {
    this.#file = file;
    this.#values = new Map(inputs);
    this.#constants = new Map(constants.map((each) => [each.name, each]));
    this.#around = around;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  get(name: string, reader: string): Value {
    const value = this.#find(name);
    if (value !== undefined) return value;
    throw new PgscoreError(
      'PGS_FILE',
      `${this.#file}: ${reader} reads ${JSON.stringify(name)}, which nothing gives.`,
      {
        hint: 'The file is no sound ONNX graph: convert or export the model again.',
      },
    );
  }

  #find(name: string): Value | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const constant = this.#constants.get(name);
    if (constant === undefined) return this.#around === undefined ? undefined : this.#around.#find(name);
    const value = readTensorData(constant, `${this.#file}: constant ${JSON.stringify(name)}`);
    this.#values.set(name, value);
    return value;
  }
}

function describe(file: string, node: Node): string {
  const name = node.name === '' ? '' : ` ${JSON.stringify(node.name)}`;
  return `${file}: node${name} (${operatorName(node)})`;
}

/** What lowering threw, for people. Whatever a hostile file causes is said of the file. */
export function explain(error: unknown, where: string): PgscoreError {
  if (error instanceof PgscoreError) return error;
  const { message } = error as Error;
  if (error instanceof UnsupportedNode) {
    return new PgscoreError('PGS_UNSUPPORTED', `${where}: ${message}.`, { hint: SIDECAR_HINT, cause: error });
  }
  return new PgscoreError('PGS_FILE', `${where}: ${message}.`, {
    hint: 'onnxruntime would not run this either: convert or export the model again.',
    cause: error,
  });
}
