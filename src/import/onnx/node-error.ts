/**
 * What is wrong with a node, said by code that does not know which node it is; `run.ts` adds file and node and throws
 * a PgscoreError.
 */

/** The file contradicts itself, or is no graph that onnxruntime would run: PGS_FILE. */
export class NodeError extends Error {}

/** Sound, but not to be scored inside the database: PGS_UNSUPPORTED. */
export class UnsupportedNode extends Error {}
