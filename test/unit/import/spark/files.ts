import { parquetWriteBuffer } from 'hyparquet-writer';
import { createScorer } from '../../../../src/codegen/score.ts';
import type { ImportedModel, ImportOptions } from '../../../../src/import/importer.ts';
import { importModel } from '../../../../src/import/registry.ts';
import { evaluate } from '../../../../src/ir/evaluate.ts';
import type { Prediction } from '../../../../src/ir/model.ts';

type ParquetOptions = Parameters<typeof parquetWriteBuffer>[0];
type SchemaElement = NonNullable<ParquetOptions['schema']>[number];

/** The types of Spark's columns, as far as saved models use them. */
export type Type =
  | 'double'
  | 'float'
  | 'int'
  | 'long'
  | 'text'
  | 'flag'
  | { readonly list: Type }
  | { readonly struct: Readonly<Record<string, Type>> }
  | { readonly map: readonly [Type, Type] };

export const VECTOR: Type = {
  struct: { type: 'int', size: 'int', indices: { list: 'int' }, values: { list: 'double' } },
};
export const MATRIX: Type = {
  struct: {
    type: 'int',
    numRows: 'int',
    numCols: 'int',
    colPtrs: { list: 'int' },
    rowIndices: { list: 'int' },
    values: { list: 'double' },
    isTransposed: 'flag',
  },
};

/** A node of a tree; Spark stores more of it, which does not decide a prediction. */
export const NODE = {
  id: 'int',
  prediction: 'double',
  impurityStats: { list: 'double' },
  leftChild: 'int',
  rightChild: 'int',
  split: {
    struct: { featureIndex: 'int', leftCategoriesOrThreshold: { list: 'double' }, numCategories: 'int' },
  },
} as const satisfies Record<string, Type>;

/** A dense vector as VectorUDT stores it. */
export function vector(...values: readonly number[]): unknown {
  return { type: 1, size: null, indices: null, values };
}

/** A dense matrix as MatrixUDT stores it: column by column. */
export function matrix(rows: readonly (readonly number[])[]): unknown {
  const columns = rows[0]!.map((_, c) => rows.map((row) => row[c]!));
  return {
    type: 1,
    numRows: rows.length,
    numCols: columns.length,
    colPtrs: null,
    rowIndices: null,
    values: columns.flat(),
    isTransposed: false,
  };
}

/** A parquet file with Spark's schema: everything may be null, lists are list.element. */
export function parquet(
  columns: Readonly<Record<string, Type>>,
  rows: readonly Readonly<Record<string, unknown>>[],
  codec: NonNullable<ParquetOptions['codec']> = 'UNCOMPRESSED',
  compressors = {},
): Uint8Array {
  const names = Object.keys(columns);
  const schema: SchemaElement[] = [
    { name: 'spark_schema', num_children: names.length },
    ...names.flatMap((name) => elements(name, columns[name]!)),
  ];
  const columnData = names.map((name) => ({ name, data: rows.map((row) => row[name] ?? null) }));
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, codec, compressors }));
}

const PRIMITIVES: Readonly<Record<string, Partial<SchemaElement>>> = {
  double: { type: 'DOUBLE' },
  float: { type: 'FLOAT' },
  int: { type: 'INT32' },
  long: { type: 'INT64' },
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  flag: { type: 'BOOLEAN' },
};

function elements(
  name: string,
  type: Type,
  repetition: 'OPTIONAL' | 'REQUIRED' = 'OPTIONAL',
): SchemaElement[] {
  const own = { name, repetition_type: repetition } as const;
  if (typeof type === 'string') return [{ ...own, ...PRIMITIVES[type] }];
  if ('list' in type) {
    return [
      { ...own, num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elements('element', type.list),
    ];
  }
  if ('map' in type) {
    return [
      { ...own, num_children: 1, converted_type: 'MAP' },
      { name: 'key_value', repetition_type: 'REPEATED', num_children: 2 },
      ...elements('key', type.map[0], 'REQUIRED'),
      ...elements('value', type.map[1]),
    ];
  }
  const fields = Object.entries(type.struct);
  return [{ ...own, num_children: fields.length }, ...fields.flatMap(([field, of]) => elements(field, of))];
}

/** A saved stage: its files by relative path. */
export type Saved = ReadonlyMap<string, Uint8Array>;

export interface StageOptions {
  readonly uid?: string;
  readonly version?: string;
  readonly package?: string;
  /** What was set, and since 2.4 what was not. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** Beside the parameters: numFeatures, numClasses. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** Data sets: the folder's name, its columns and rows. */
  readonly data?: Readonly<Record<string, Data>>;
  /** Folders with stages of their own. */
  readonly inside?: Readonly<Record<string, Saved>>;
}

export type Data = readonly [
  columns: Readonly<Record<string, Type>>,
  rows: readonly Readonly<Record<string, unknown>>[],
];

/** A stage as MLWritable saves it. Spark 4 names the metadata's part otherwise than Spark 2 and 3. */
export function saved(name: string, options: StageOptions = {}): Saved {
  const { version = '3.5.1', uid = `${name}_0123456789ab` } = options;
  const metadata = {
    class: `${options.package ?? 'org.apache.spark.ml.feature'}.${name}`,
    timestamp: 1700000000000,
    sparkVersion: version,
    uid,
    paramMap: options.params ?? {},
    ...(version.startsWith('2.3') ? {} : { defaultParamMap: options.defaults ?? {} }),
    ...options.extra,
  };
  const part = version.startsWith('4') ? 'part-00000-0a1b2c3d-c000.txt' : 'part-00000';
  const files = new Map<string, Uint8Array>([
    [`metadata/${part}`, bytesOf(`${JSON.stringify(metadata)}\n`)],
    ['metadata/_SUCCESS', new Uint8Array()],
  ]);
  for (const [folder, [columns, rows]] of Object.entries(options.data ?? {})) {
    files.set(`${folder}/part-00000-0a1b2c3d-c000.parquet`, parquet(columns, rows));
    files.set(`${folder}/_SUCCESS`, new Uint8Array());
  }
  for (const [folder, stage] of Object.entries(options.inside ?? {})) {
    for (const [path, bytes] of stage) files.set(`${folder}/${path}`, bytes);
  }
  return files;
}

/** A PipelineModel of stages. */
export function pipeline(stages: readonly Saved[], version = '3.5.1'): Saved {
  const uids = stages.map((stage) => (metadataOf(stage) as { uid: string }).uid);
  const digits = String(stages.length).length;
  const inside = stages.map(
    (stage, i) => [`stages/${String(i).padStart(digits, '0')}_${uids[i]}`, stage] as const,
  );
  return saved('PipelineModel', {
    package: 'org.apache.spark.ml',
    version,
    params: { stageUids: uids },
    inside: Object.fromEntries(inside),
  });
}

/** A LogisticRegressionModel. */
export function logistic(options: {
  readonly weights: readonly (readonly number[])[];
  readonly intercepts: readonly number[];
  readonly multinomial?: boolean;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly version?: string;
}): Saved {
  const { weights, intercepts, multinomial = false, params = {}, version = '3.5.1' } = options;
  const classes = multinomial ? weights.length : 2;
  return saved('LogisticRegressionModel', {
    package: 'org.apache.spark.ml.classification',
    version,
    params,
    data: {
      data: [
        {
          numClasses: 'int',
          numFeatures: 'int',
          interceptVector: VECTOR,
          coefficientMatrix: MATRIX,
          isMultinomial: 'flag',
        },
        [
          {
            numClasses: classes,
            numFeatures: weights[0]!.length,
            interceptVector: vector(...intercepts),
            coefficientMatrix: matrix(weights),
            isMultinomial: multinomial,
          },
        ],
      ],
    },
  });
}

/** A Word2VecModel of a vector a word, all of one length, with the columns that Spark has had since 2.2. */
export function wordVectors(
  vectors: Readonly<Record<string, readonly number[]>>,
  options: StageOptions = {},
): Saved {
  const rows = Object.entries(vectors).map(([word, numbers]) => ({ word, vector: numbers }));
  return saved('Word2VecModel', {
    ...options,
    params: { vectorSize: rows[0]?.vector.length ?? 1, ...options.params },
    data: { data: [{ word: 'text', vector: { list: 'float' } }, rows], ...options.data },
  });
}

function metadataOf(stage: Saved): unknown {
  const [, bytes] = [...stage].find(([path]) => path.startsWith('metadata/part-'))!;
  return JSON.parse(Buffer.from(bytes).toString());
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function assembler(...inputCols: readonly string[]): Saved {
  return saved('VectorAssembler', { params: { inputCols, outputCol: 'features' } });
}

export function importSaved(entries: Saved, options: ImportOptions = {}): ImportedModel {
  return importModel({ name: 'model', bytes: new Uint8Array(), entries }, options);
}

/** Scores one row, by feature name, in the reference evaluator and in the generated program, which must agree. */
export async function score(
  entries: Saved,
  row: Readonly<Record<string, number | string | null>>,
  options: ImportOptions = {},
): Promise<Prediction> {
  const { model } = importSaved(entries, options);
  const values = model.features.map(({ name }) => {
    if (!(name in row))
      throw new Error(`the row has no ${name}; the model takes ${model.features.map((f) => f.name)}`);
    return row[name]!;
  });
  const { prediction } = evaluate(model, values);
  const program = (await createScorer(model)).score(row);
  // Functions of the reference evaluator may differ from the program's in the last digit.
  if (digits(program) !== digits(prediction))
    throw new Error(
      `the program gives ${JSON.stringify(program)}, the evaluator ${JSON.stringify(prediction)}`,
    );
  return prediction;
}

function digits(prediction: Prediction): string {
  return JSON.stringify(prediction, (_, value: unknown) =>
    typeof value === 'number' ? value.toPrecision(14) : value,
  );
}

/** The registers that a transformer answers with. */
export async function transform(
  entries: Saved,
  row: Readonly<Record<string, number | string | null>>,
): Promise<readonly number[]> {
  return (await score(entries, row)).raw;
}
