// The library, in the order of a model's way: file → IR → code → database.

import { deferred } from './deferred.ts';

export { writeModule, writeModuleTypes, writeProgramModule } from './codegen/module.ts';
export { compileProgram, type Program } from './codegen/program.ts';
export { createScorer, programScorer, type Row, type Scorer, type ScorerOptions } from './codegen/score.ts';
export type { CompiledFunction, CompiledModule, CompileOptions } from './compile/compile.ts';
export type { Connection } from './db/connect.ts';
export { detectEngine, type Engine } from './db/engine.ts';
export type {
  BackfillOptions,
  BackfillProgress,
  BackfillResult,
  BindingBackfill,
} from './deploy/backfill.ts';
export type { DeployPlan, DeployRequest, DeployScorerRequest } from './deploy/deploy.ts';
export { type GoldenRow, makeGoldenRows, readGoldenRows } from './deploy/golden.ts';
export { type GraphGoldenRow, readGraphGoldenRows } from './deploy/graph-golden.ts';
export type { GraphDeployPlan, GraphDeployRequest } from './deploy/graph-version.ts';
export type { MigrateResult } from './deploy/migrate.ts';
export { migrationScript } from './deploy/migration-script.ts';
export type { ModelState } from './deploy/models.ts';
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
export { type FormatSupport, listFormats, type ModelSupport } from './formats.ts';
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
export type { HandWrittenScorer } from './scorer/scorer.ts';

// What loads the TypeScript compiler or a database client does so when it is first called. The functions are described
// where they are defined.
export const compileFile = deferred(async () => (await import('./compile/compile.ts')).compileFile);
export const compileSource = deferred(async () => (await import('./compile/compile.ts')).compileSource);
export const compileScorer = deferred(async () => (await import('./scorer/scorer.ts')).compileScorer);
export const planDeploy = deferred(async () => (await import('./deploy/deploy.ts')).planDeploy);
export const planOffline = deferred(async () => (await import('./deploy/deploy.ts')).planOffline);
export const applyDeploy = deferred(async () => (await import('./deploy/deploy.ts')).applyDeploy);
export const planGraphDeploy = deferred(
  async () => (await import('./deploy/graph-version.ts')).planGraphDeploy,
);
export const planGraphOffline = deferred(
  async () => (await import('./deploy/graph-version.ts')).planGraphOffline,
);
export const applyGraphDeploy = deferred(
  async () => (await import('./deploy/graph-version.ts')).applyGraphDeploy,
);
export const migrate = deferred(async () => (await import('./deploy/migrate.ts')).migrate);
export const listModels = deferred(async () => (await import('./deploy/models.ts')).listModels);
export const backfill = deferred(async () => (await import('./deploy/backfill.ts')).backfill);
