// The library, in the order of a model's way: file → IR → code → database.

export { writeModule } from './codegen/module.ts';
export { compileProgram, type Program } from './codegen/program.ts';
export { createScorer, type Row, type Scorer, type ScorerOptions } from './codegen/score.ts';
export {
  type CompiledFunction,
  type CompiledModule,
  type CompileOptions,
  compileFile,
  compileSource,
} from './compile/compile.ts';
export type { Connection } from './db/connect.ts';
export { detectEngine, type Engine } from './db/engine.ts';
export {
  type BackfillOptions,
  type BackfillProgress,
  type BackfillResult,
  type BindingBackfill,
  backfill,
} from './deploy/backfill.ts';
export {
  applyDeploy,
  type DeployPlan,
  type DeployRequest,
  planDeploy,
  planOffline,
} from './deploy/deploy.ts';
export { type GoldenRow, makeGoldenRows, readGoldenRows } from './deploy/golden.ts';
export { type GraphGoldenRow, readGraphGoldenRows } from './deploy/graph-golden.ts';
export {
  applyGraphDeploy,
  type GraphDeployPlan,
  type GraphDeployRequest,
  planGraphDeploy,
  planGraphOffline,
} from './deploy/graph-version.ts';
export { type MigrateResult, migrate, migrationScript } from './deploy/migrate.ts';
export { listModels, type ModelState } from './deploy/models.ts';
export { breaches, type QueueState, queueStates } from './deploy/queue.ts';
export {
  type AttachOptions,
  attachStatements,
  detachStatement,
  type FeatureExpression,
  promoteStatements,
  rollbackStatement,
  type Statements,
} from './deploy/statements.ts';
export { type ErrorCode, PgscoreError } from './errors.ts';
export type {
  ImportedGraph,
  ImportedModel,
  Importer,
  ImportOptions,
  ModelFile,
  ModelSource,
} from './import/importer.ts';
export { type Imported, importAny, importers, importModel } from './import/registry.ts';
export { type Inspection, inspectModel } from './inspect.ts';
export { type GraphInspection, inspectGraph } from './inspect-graph.ts';
export { evaluate } from './ir/evaluate.ts';
export type * from './ir/graph.ts';
export { graphFromJson, graphToJson, ModelJsonError, modelFromJson, modelToJson } from './ir/json.ts';
export * from './ir/model.ts';
export { type Violation, validate } from './ir/validate.ts';
export { type LoadedModel, loadModel } from './load-model.ts';
export { predictGraphFile } from './predict-graph.ts';
export { type InputRow, readRows } from './rows.ts';
