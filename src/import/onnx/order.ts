import { PgscoreError } from '../../errors.ts';
import type { Graph, Node } from './file.ts';

/**
 * The nodes that the wanted names need, each after those whose outputs it reads. Names that no node gives are left
 * to the caller. @throws PgscoreError PGS_FILE when two nodes give one name, or a node needs its own output.
 */
export function orderNodes(file: string, graph: Graph, wanted: readonly string[]): readonly Node[] {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (producers.has(name)) corrupt(file, `two nodes give the value ${JSON.stringify(name)}`);
      producers.set(name, node);
    }
  }
  const ordered: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  const pending = [...wanted].reverse().flatMap((name) => producers.get(name) ?? []);
  while (pending.length > 0) {
    const node = pending.at(-1)!;
    if (state.get(node) === undefined) {
      state.set(node, 'open');
      for (const name of namesRead(node).reverse()) {
        const before = producers.get(name);
        if (before === undefined || state.get(before) === 'done') continue;
        if (state.get(before) === 'open') corrupt(file, `the value ${JSON.stringify(name)} needs itself`);
        pending.push(before);
      }
      continue;
    }
    pending.pop();
    if (state.get(node) === 'open') ordered.push(node);
    state.set(node, 'done');
  }
  return ordered;
}

function corrupt(file: string, found: string): never {
  throw new PgscoreError('PGS_FILE', `${file}: ${found}.`, {
    hint: 'The file is no sound ONNX graph: convert or export the model again.',
  });
}

/** A node's inputs, and what its graphs read from around them. */
function namesRead(node: Node): string[] {
  const inner = [...node.attributes.values()].flatMap(({ graph }) =>
    graph === undefined ? [] : freeNames(graph),
  );
  return [...node.inputs, ...inner];
}

function freeNames(graph: Graph): string[] {
  const own = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.map(({ name }) => name),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ]);
  return [...graph.nodes.flatMap(namesRead), ...graph.outputs.map(({ name }) => name)].filter(
    (name) => !own.has(name),
  );
}
