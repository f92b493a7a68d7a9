import { PgscoreError } from '../../errors.ts';
import type { GraphModel } from '../../ir/graph.ts';
import type { ImportedGraph, ImportedModel, ImportOptions } from '../importer.ts';
import type { OnnxFile } from './file.ts';
import { readGraphInputs } from './graph-inputs.ts';
import { readGraphOutputs } from './graph-outputs.ts';
import { type GraphSpec, parseGraphSpec } from './graph-spec.ts';
import { lowerOnnx } from './lower.ts';
import { operatorName, operatorOf } from './operators.ts';
import { requireRunnable } from './runnable.ts';
import { sourceOf } from './source.ts';

/** Key of a file's metadata under which it can carry its own description of inputs. */
const SPEC_KEY = 'pgscore.inputs';

/**
 * Where a model runs: in the database when it can be lowered, else in the sidecar, and in the sidecar always when a
 * description of its inputs is given. @throws PgscoreError
 */
export function assign(file: OnnxFile, options: ImportOptions): ImportedModel | ImportedGraph {
  const spec = specOf(file, options);
  try {
    const lowered = lowerOnnx(file, options);
    if (spec === undefined) return lowered;
  } catch (error) {
    const reason = reasonOf(error, file);
    if (reason !== undefined) return importGraph(file, options, spec, reason);
    if (spec === undefined || (error as PgscoreError).code !== 'PGS_USAGE') throw error;
  }
  return importGraph(file, options, spec, `${spec.name} describes its inputs`);
}

/** Why the database does not score the model, when it does not; undefined when the file or the options are at fault. */
function reasonOf(error: unknown, file: OnnxFile): string | undefined {
  if (!(error instanceof PgscoreError)) return undefined;
  if (error.code === 'PGS_UNSUPPORTED') return error.message;
  // What the database would have to be told (names, widths) is of no concern to a graph that it cannot run.
  return error.code === 'PGS_USAGE' ? operatorReason(file) : undefined;
}

function specOf(file: OnnxFile, { inputs }: ImportOptions): GraphSpec | undefined {
  if (inputs !== undefined) return parseGraphSpec(inputs.name, inputs.text);
  const stored = file.metadata.get(SPEC_KEY);
  return stored === undefined
    ? undefined
    : parseGraphSpec(`${file.name}: metadata ${JSON.stringify(SPEC_KEY)}`, stored);
}

function operatorReason({ name, graph }: OnnxFile): string | undefined {
  const node = graph.nodes.find((each) => operatorOf(each) === undefined);
  if (node === undefined) return undefined;
  const label = node.name === '' ? '' : ` ${JSON.stringify(node.name)}`;
  return `${name}: node${label} (${operatorName(node)}): the operator is not scored in the database.`;
}

function importGraph(
  file: OnnxFile,
  options: ImportOptions,
  spec: GraphSpec | undefined,
  reason: string,
): ImportedGraph {
  requireRunnable(file);
  const inputs = readGraphInputs(file, options, spec);
  const { task, output, outputTensors, notes } = readGraphOutputs(file, options, spec);
  const graph: GraphModel = { graphVersion: 1, task, ...inputs, output, outputTensors };
  return { graph, source: sourceOf(file, notes), reason };
}
