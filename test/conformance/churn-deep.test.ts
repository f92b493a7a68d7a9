import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importAny } from '../../src/import/registry.ts';
import type { GraphModel } from '../../src/ir/graph.ts';
import { graphFromJson, graphToJson } from '../../src/ir/json.ts';
import { type GraphSession, openGraph } from '../../src/sidecar/onnxruntime.ts';
import { assembleInputs, type GraphPrediction, rawRowOf, readOutputs } from '../../src/sidecar/tensors.ts';
import { runCli } from '../harness/cli.ts';
import { modelPath } from './runner.ts';
import { readTelco } from './telco.ts';

/** As the model's makers ask for, of the outputs that onnxruntime 1.30.0 gave them in Python. */
const TOLERANCE = 1e-5;

const file = { name: 'churn-deep.onnx', bytes: readFileSync(modelPath('telco/churn-deep.onnx')) };
const inputs = {
  name: 'churn-deep.inputs.json',
  text: readFileSync(modelPath('telco/churn-deep.inputs.json'), 'utf8'),
};
const sets = [
  { rows: 'customers-test.csv', expected: 'churn-deep.expected.csv', count: 1409 },
  { rows: 'customers-edge.csv', expected: 'churn-deep.expected-edge.csv', count: 24 },
];

function expectClose(predictions: readonly GraphPrediction[], expected: string, count: number): void {
  const wanted = readTelco(expected).map(({ logit, probability }) => [Number(logit), Number(probability)]);
  expect([predictions.length, wanted.length]).toEqual([count, count]);
  const far = predictions.flatMap(({ raw, value }, row) => {
    const got = [raw[0]!, value!];
    return got.every((number, k) => Math.abs(number - wanted[row]![k]!) <= TOLERANCE)
      ? []
      : [{ row, got, wanted: wanted[row] }];
  });
  expect(far).toEqual([]);
}

describe('the telco deep model', () => {
  let graph: GraphModel;
  let session: GraphSession;

  beforeAll(async () => {
    const imported = importAny(file, { inputs });
    if (imported.kind !== 'graph') throw new Error('it is a model for the database');
    expect(imported.reason).toBe(
      'churn-deep.onnx: node "node_matmul" (MatMul): it multiplies stacks of matrices.',
    );
    // As the sidecar gets it from the database.
    graph = graphFromJson(graphToJson(imported.graph));
    session = await openGraph(file.name, file.bytes, graph);
  });
  afterAll(() => session.close());

  it.each(sets)('scores $rows', async ({ rows, expected, count }) => {
    const raw = readTelco(rows).map((row, k) => rawRowOf(graph.features, row, k));
    const outputs = await session.run(assembleInputs(graph, raw));
    expectClose(readOutputs(graph, outputs, raw.length), expected, count);
  });

  it.each(sets)('scores $rows through pgscore predict', async ({ rows, expected, count }) => {
    const args = [
      '--inputs',
      modelPath('telco/churn-deep.inputs.json'),
      '--input',
      modelPath(`telco/${rows}`),
    ];
    const { code, stdout, stderr } = await runCli(['predict', modelPath('telco/churn-deep.onnx'), ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const predictions = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as GraphPrediction);
    expectClose(predictions, expected, count);
    for (const { label, value } of predictions) expect(label).toBe(value! > 0.5 ? 'Yes' : 'No');
  });
});
