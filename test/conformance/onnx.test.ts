import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PgscoreError } from '../../src/errors.ts';
import { importAny } from '../../src/import/registry.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { Prediction } from '../../src/ir/model.ts';
import { onnxFacts } from './onnx-operators.ts';
import { recordRefusal } from './record.ts';
import {
  type Case,
  describeConformance,
  type Expected,
  importCase,
  modelPath,
  type Row,
  readJson,
} from './runner.ts';
import { readCustomers, readTelco } from './telco.ts';

type Json = number | string | null;

interface Tensor {
  readonly shape: readonly number[] | null;
  readonly data: readonly Json[];
}

interface OperatorFile {
  readonly inputs: Readonly<Record<string, Tensor & { readonly shape: readonly number[] }>>;
  readonly ort?: readonly Tensor[];
}

type Output = Json | readonly Output[] | Readonly<Record<string, number>>;

interface PipelineFile {
  readonly input?: readonly Row[];
  readonly rows?: readonly (Json | Row)[];
  readonly onnx?: Readonly<Record<string, readonly Output[]>>;
  readonly onnx_nozipmap?: Readonly<Record<string, readonly Output[]>>;
}

const NOT_FINITE: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

/** A number of case.json, or a text. */
function read(value: Json): number | string {
  if (value === null) return Number.NaN;
  return typeof value === 'string' ? (NOT_FINITE[value] ?? value) : value;
}

/** Cases that are refused, with the reason that the error has to state. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  // onnxruntime writes one of the two scores and leaves the memory of the other as it was.
  'onnx-ml-ops/treeclf_bin1_pos_pt_PROBIT': /of its two scores onnxruntime computes only one/,
  'sklearn-onnx/knn_imp': /local_domain\.dist_nan_euclidean/,
};

/** Graphs that subtract great sums of products from each other, where the order of additions shows. */
const CANCELLING = new Set([
  'gpr',
  'kpca',
  'knn_clf_dist',
  'lof',
  'kmeans',
  'minibatch_kmeans',
  'passive_aggr',
  'gmm',
]);

/** Columns of one row: a matrix has rows; `normalizer_1d` is one row; all other vectors are one element a row. */
function widthOf(name: string, { shape }: { readonly shape: readonly number[] }): number {
  if (name === 'normalizer_1d') return shape[0]!;
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

function operatorCase(name: string): Case {
  const folder = `onnx-ml-ops/${name}`;
  const { inputs, ort } = readJson<OperatorFile>(`${folder}/case.json`);
  const columns = Object.entries(inputs).map(([input, tensor]) => ({
    input,
    tensor,
    width: widthOf(name, tensor),
  }));
  const count = columns[0]!.tensor.data.length / columns[0]!.width;
  const features = columns.flatMap(({ input, width }) =>
    width === 1 ? [input] : Array.from({ length: width }, (_, k) => `${input}_${k}`),
  );
  const rows = Array.from({ length: count }, (_, row) =>
    columns.flatMap(({ tensor, width }) => {
      // The indices of an ArrayFeatureExtractor are one row for all.
      const at = tensor.data.length === width ? 0 : row;
      return tensor.data.slice(at * width, (at + 1) * width).map(read);
    }),
  );
  const outputs = (ort ?? []).map(({ shape, data }) => splitRows(shape, data, count));
  const classifies = outputs.length === 2 || typeof outputs[0]?.[0]?.[0] === 'string';
  return {
    name,
    file: `${folder}/model.onnx`,
    ...onnxFacts(`${folder}/model.onnx`),
    options: { features },
    rows,
    ...expectations(classifies ? outputs[0]! : undefined, classifies ? outputs[1] : outputs[0], count),
  };
}

function splitRows(
  shape: readonly number[] | null,
  data: readonly unknown[],
  count: number,
): readonly (readonly (number | string)[])[] {
  if (shape === null)
    return (data as (readonly (readonly [Json, number])[])[]).map((row) => row.map(([, score]) => score));
  const width = data.length / count;
  return Array.from({ length: count }, (_, row) =>
    (data as Json[]).slice(row * width, (row + 1) * width).map(read),
  );
}

/** Labels are compared as their place among those that occur, beside the scores. */
function expectations(
  labels: readonly (readonly (number | string)[])[] | undefined,
  scores: readonly (readonly (number | string)[])[] | undefined,
  count: number,
): { expected: Expected[]; predicted(prediction: Prediction): readonly (number | null)[] } {
  const known = [...new Set((labels ?? []).map(([label]) => String(label)))];
  return {
    expected: Array.from({ length: count }, (_, row) => ({
      predicted: [
        ...(labels === undefined ? [] : [known.indexOf(String(labels[row]![0]))]),
        ...((scores?.[row] ?? []) as readonly number[]),
      ],
    })),
    predicted: (prediction) => [
      ...(labels === undefined ? [] : [known.indexOf(prediction.label ?? '')]),
      ...(scores === undefined ? [] : scoresOf(prediction)),
    ],
  };
}

function scoresOf({ probabilities, values, raw }: Prediction): readonly number[] {
  return probabilities === null ? (values ?? raw) : Object.values(probabilities);
}

function pipelineCases(name: string): Case[] {
  const folder = `sklearn-onnx/${name}`;
  const file = readJson<PipelineFile>(`${folder}/case.json`);
  const rows = (file.input ?? file.rows!).map((row) => [row].flat().map(read));
  const variants = [
    ['model.onnx', file.onnx],
    ['model_nozipmap.onnx', file.onnx_nozipmap],
  ] as const;
  return variants.flatMap(([model, outputs]): Case[] => {
    if (outputs === undefined) return [];
    const flat = (values: readonly Output[] | undefined) =>
      values?.map((value) => numbersOf(value).map(read));
    const names = Object.keys(outputs);
    const labels = outputs[names.find((output) => output.includes('label')) ?? ''];
    // QDA's are one row of all of them.
    const label = labels?.length === 1 ? numbersOf(labels) : labels;
    const scores = outputs[names.find((output) => !output.includes('label')) ?? ''];
    const severalTargets = label?.length === rows.length && numbersOf(label[0]!).length > 1;
    return [
      {
        name: `${name}, ${model}`,
        file: `${folder}/${model}`,
        ...onnxFacts(`${folder}/${model}`),
        rows,
        ...(severalTargets
          ? expectations(undefined, flat(label), rows.length)
          : expectations(flat(label), flat(scores), rows.length)),
      },
    ];
  });
}

function numbersOf(value: Output): Json[] {
  if (value === null || typeof value !== 'object') return [value];
  return Array.isArray(value) ? (value as Output[]).flatMap(numbersOf) : (Object.values(value) as number[]);
}

function folders(family: string): string[] {
  return readdirSync(modelPath(family)).filter((name) =>
    statSync(modelPath(`${family}/${name}`)).isDirectory(),
  );
}

const operators = folders('onnx-ml-ops').filter((name) => REFUSED[`onnx-ml-ops/${name}`] === undefined);
const failing = operators.filter(
  (name) => readJson<OperatorFile>(`onnx-ml-ops/${name}/case.json`).ort === undefined,
);
const answered = operators.filter((name) => !failing.includes(name));
const isCoarse = (name: string) => /PROBIT|^svc|^svr|^ocsvm/.test(name);

describeConformance('ONNX operators', answered.filter((name) => !isCoarse(name)).map(operatorCase), {
  raw: 0,
  predicted: 1e-6,
});
describeConformance('ONNX operators, approximate functions', answered.filter(isCoarse).map(operatorCase), {
  raw: 0,
  predicted: 1e-5,
});

describe('rows on which onnxruntime fails', () => {
  it.each(failing)('%s has no answer', (name) => {
    const each = operatorCase(name);
    const model = importCase(each);
    const missing = each.rows.map((row) =>
      evaluate(
        model,
        row.map((value) => (Number.isNaN(value) ? null : value)),
      ),
    );
    expect(missing.some(({ prediction }) => prediction.raw.some(Number.isNaN))).toBe(true);
  });
});

const pipelines = folders('sklearn-onnx').filter((name) => REFUSED[`sklearn-onnx/${name}`] === undefined);
for (const [title, tolerance, cancelling] of [
  ['scikit-learn as ONNX', 1e-5, false],
  ['scikit-learn as ONNX, sums that cancel', 1e-4, true],
] as const) {
  const cases = pipelines.filter((name) => CANCELLING.has(name) === cancelling).flatMap(pipelineCases);
  describeConformance(title, cases, { raw: 0, predicted: tolerance });
}

describe('models that are refused', () => {
  const files = Object.entries(REFUSED).flatMap(([folder, reason]) =>
    ['model.onnx', 'model_nozipmap.onnx']
      .map((model) => ({ file: `${folder}/${model}`, reason }))
      .filter(({ file }) => existsSync(modelPath(file))),
  );
  it.each(files)('$file', ({ file, reason }) => {
    expect(() => importCase({ file })).toThrow(reason);
    expect(() => importCase({ file })).toThrow(PgscoreError);
    recordRefusal('onnx', file, () => importAny({ name: file, bytes: readFileSync(modelPath(file)) }));
  });
});

function telcoCase(model: string, file: string, customers: string, expected: string): Case {
  return {
    name: `${file} of ${customers}`,
    file: `telco/${file}`,
    ...onnxFacts(`telco/${file}`),
    rows: readCustomers(customers),
    expected: readTelco(`${model}-onnx.${expected}`).map(({ probability }) => ({
      predicted: [Number(probability)],
    })),
    predicted: ({ value }) => [value],
  };
}

describeConformance(
  'ONNX on telco customers',
  ['churn-logreg', 'churn-gb'].flatMap((model) => [
    telcoCase(model, `${model}.onnx`, 'customers-test.csv', 'expected.csv'),
    telcoCase(model, `${model}.onnx`, 'customers-edge.csv', 'expected-edge.csv'),
    telcoCase(model, `${model}-zipmap.onnx`, 'customers-edge.csv', 'expected-edge.csv'),
  ]),
  { raw: 0, predicted: 1e-6 },
);
