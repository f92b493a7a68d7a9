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
  const lowered = lowerOrReason(file, options);
  if (spec === undefined)
    return typeof lowered === 'string' ? importGraph(file, options, spec, lowered) : lowered;
  const reason = typeof lowered === 'string' ? lowered : `${spec.name} describes its inputs`;
  return importGraph(file, options, spec, reason);
}

/** The model for the database, or why there is none. @throws PgscoreError when the file or the options are at fault */
function lowerOrReason(file: OnnxFile, options: ImportOptions): ImportedModel | string {
  try {
    return lowerOnnx(file, options);
  } catch (error) {
    if (!(error instanceof PgscoreError)) throw error;
    if (error.code === 'PGS_UNSUPPORTED') return error.message;
    // What the database would have to be told (names, widths) is of no concern to a graph that it cannot run.
    const reason = error.code === 'PGS_USAGE' ? operatorReason(file) : undefined;
    if (reason !== undefined) return reason;
    throw error;
  }
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
  const { task, output, notes } = readGraphOutputs(file, options, spec);
  const graph: GraphModel = { graphVersion: 1, task, ...inputs, output };
  return { graph, source: sourceOf(file, notes), reason };
}
