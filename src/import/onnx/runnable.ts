import { PgscoreError } from '../../errors.ts';
import type { Graph, OnnxFile } from './file.ts';
import { refuseExternal } from './tensor.ts';

/** The newest formats that onnxruntime 1.30 reads, tried one by one; older ones it reads all. */
const NEWEST_IR = 13;
const NEWEST_OPSETS: ReadonlyMap<string, number> = new Map([
  ['', 26],
  ['ai.onnx.ml', 5],
]);

/**
 * Refuses what onnxruntime would refuse for its age, and data in other files. What else a graph needs (operators of
 * onnxruntime's own, float16, quantised tensors, loops) the runtime knows best: a deploy runs it.
 * @throws PgscoreError PGS_UNSUPPORTED
 */
export function requireRunnable(file: OnnxFile): void {
  if (file.irVersion > NEWEST_IR) refuse(file, `IR version ${file.irVersion}`, `IR version ${NEWEST_IR}`);
  for (const [domain, version] of file.opsets) {
    const newest = NEWEST_OPSETS.get(domain);
    const name = domain === '' ? 'opset' : `opset of ${domain}`;
    if (newest !== undefined && version > newest) refuse(file, `${name} ${version}`, `${name} ${newest}`);
  }
  refuseExternalData(file.name, file.graph);
}

function refuse({ name }: OnnxFile, found: string, newest: string): never {
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${name}: it is written in ${found}, and onnxruntime reads up to ${newest}.`,
    {
      hint: 'Export the model for an older version (opset_version), or convert it with onnx.version_converter.',
    },
  );
}

/** Graphs inside of nodes too; the reader has bounded how deep they nest. */
function refuseExternalData(file: string, graph: Graph): void {
  for (const tensor of graph.initializers) {
    refuseExternal(tensor, `${file}: constant ${JSON.stringify(tensor.name)}`);
  }
  for (const node of graph.nodes) {
    for (const { name, tensor, graph: inner } of node.attributes.values()) {
      if (tensor !== undefined) {
        refuseExternal(tensor, `${file}: attribute ${name} of node ${JSON.stringify(node.name)}`);
      }
      if (inner !== undefined) refuseExternalData(file, inner);
    }
  }
}
