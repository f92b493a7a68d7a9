import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importAny } from '../../src/import/registry.ts';
import type { GraphModel } from '../../src/ir/graph.ts';
import { graphFromJson, graphToJson } from '../../src/ir/json.ts';
import { loadModel } from '../../src/load-model.ts';
import { type GraphSession, openGraph } from '../../src/sidecar/onnxruntime.ts';
import { assembleInputs, type GraphPrediction, rawRowOf, readOutputs } from '../../src/sidecar/tensors.ts';
import { runCli } from '../harness/cli.ts';
import { ONNXRUNTIME, operatorsOf } from './onnx-operators.ts';
import { record } from './record.ts';
import { differenceOf, modelPath } from './runner.ts';
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

/** Gives the largest |got - expected| / (1 + |expected|). */
function expectClose(predictions: readonly GraphPrediction[], expected: string, count: number): number {
  const wanted = readTelco(expected).map(({ logit, probability }) => [Number(logit), Number(probability)]);
  expect([predictions.length, wanted.length]).toEqual([count, count]);
  const far = predictions.flatMap(({ raw, value }, row) => {
    const got = [raw[0]!, value!];
    return got.every((number, k) => Math.abs(number - wanted[row]![k]!) <= TOLERANCE)
      ? []
      : [{ row, got, wanted: wanted[row] }];
  });
  expect(far).toEqual([]);
  return Math.max(
    ...predictions.flatMap(({ raw, value }, row) =>
      [raw[0]!, value!].map((number, k) => differenceOf(number, wanted[row]![k]!)),
    ),
  );
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
    const largestDifference = expectClose(readOutputs(graph, outputs, raw.length), expected, count);
    record({
      kind: 'passed',
      format: 'onnx',
      models: operatorsOf(file.bytes),
      case: `${file.name} of ${rows}`,
      engine: 'sidecar',
      recordedBy: ONNXRUNTIME,
      largestDifference,
    });
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

  it('is told by inspect', async () => {
    const args = [modelPath('telco/churn-deep.onnx'), '--inputs', modelPath('telco/churn-deep.inputs.json')];
    const { stdout } = await runCli(['inspect', ...args, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      engine: 'sidecar',
      reason: 'churn-deep.onnx: node "node_matmul" (MatMul): it multiplies stacks of matrices.',
      task: 'binary',
      inputs: [
        { name: 'numeric', type: 'float32', shape: '[4]' },
        { name: 'categorical', type: 'int64', shape: '[15]' },
      ],
      outputs: {
        value: 'the probability of "Yes" (output "probability")',
        labels: ['No', 'Yes'],
        raw: 'logit',
      },
    });
    expect((await runCli(['inspect', ...args])).stdout).toMatch(
      /^runs in {5}the sidecar\nbecause {5}churn-deep\.onnx: node "node_matmul"/m,
    );
  });

  it('is no module and no function in this process, which the error tells what to do about', async () => {
    const { code, stderr } = await runCli(['compile', modelPath('telco/churn-deep.onnx')]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(
        /"node_matmul" \(MatMul\).*\nhint: The sidecar runs .* onnxruntime: .* HTTP; pgscore predict /,
      ),
    });
    await expect(loadModel(modelPath('telco/churn-deep.onnx'))).rejects.toMatchObject({
      code: 'PGS_UNSUPPORTED',
    });
  });

  it('names the file and the row that it cannot take', async () => {
    const rows = join(await mkdtemp(join(tmpdir(), 'rows-')), 'rows.jsonl');
    const [customer] = readTelco('customers-test.csv');
    await writeFile(
      rows,
      [customer, { ...customer, tenure: 'long' }].map((row) => JSON.stringify(row)).join('\n'),
    );
    const args = ['--inputs', modelPath('telco/churn-deep.inputs.json'), '--input', rows];
    const { code, stdout, stderr } = await runCli(['predict', modelPath('telco/churn-deep.onnx'), ...args]);
    expect({ code, stderr, lines: stdout.trimEnd().split('\n').length }).toEqual({
      code: 1,
      stderr: `pgscore: ${rows}, row 2: feature "tenure": "long" is no number (input "numeric", float32)\n`,
      lines: 1,
    });
  });
});
