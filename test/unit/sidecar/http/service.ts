import { Writable } from 'node:stream';
import pino from 'pino';
import { Registry } from 'prom-client';
import { afterEach } from 'vitest';
import { PgscoreError } from '../../../../src/errors.ts';
import type { Prediction } from '../../../../src/ir/model.ts';
import { type HttpOptions, type HttpServer, startHttp } from '../../../../src/sidecar/http/server.ts';
import type {
  InferenceService,
  JsonRow,
  Readiness,
  ServedVersion,
} from '../../../../src/sidecar/http/service.ts';
import type { TensorValue } from '../../../../src/sidecar/tensor-data.ts';

export const TENSOR_TYPES = [
  'float32',
  'float64',
  'float16',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
] as const;

/** value = 2a + b, and label 'low' or 'high' with a text feature that is ignored: what a database version looks like. */
const SUM: ServedVersion = {
  model: 'sum',
  version: 2,
  isChampion: true,
  runsIn: 'database',
  task: 'binary',
  format: 'xgboost-json',
  features: [
    { name: 'a', kind: 'number' },
    { name: 'b', kind: 'number' },
  ],
  labels: ['low', 'high'],
  hasValues: false,
  inputs: [],
  outputs: [],
};

/** Predicts two numbers, x + 1 and x + 2, of which the first is its value. */
const PAIR: ServedVersion = {
  ...SUM,
  model: 'pair',
  task: 'regression',
  features: [{ name: 'x', kind: 'number' }],
  labels: null,
  hasValues: true,
};

function pairOf(x: number): Prediction {
  return { value: x + 1, label: null, probabilities: null, raw: [x + 1, x + 2], values: [x + 1, x + 2] };
}

/** A graph of tensors as in the protocol's own example: two inputs, output0 [rows, 2]. */
const GRAPH: ServedVersion = {
  model: 'mymodel',
  version: 1,
  isChampion: true,
  runsIn: 'sidecar',
  task: 'regression',
  format: 'onnx',
  features: [{ name: 'input0', kind: 'array', shape: [2] }],
  labels: null,
  hasValues: false,
  inputs: [
    { name: 'input0', type: 'uint32', shape: [null, 2] },
    { name: 'input1', type: 'bool', shape: [null] },
  ],
  outputs: [
    { name: 'output0', type: 'float32', shape: [null, 2] },
    { name: 'counts', type: 'int64', shape: [null] },
  ],
};

/** Gives its tensor back, [rows, any]; one an element type. */
const ECHOES = TENSOR_TYPES.map(
  (type): ServedVersion => ({
    ...GRAPH,
    model: `echo_${type}`,
    inputs: [{ name: 'in', type, shape: [null, null] }],
    outputs: [{ name: 'out', type, shape: [null, null] }],
  }),
);

/** Answers by plain arithmetic; requests for the model `stuck` never end before they are given up. */
export class ArithmeticService implements InferenceService {
  readiness: Readiness = { ready: true };
  failure: Error | undefined;
  /** Those that were looked up last. */
  keys: readonly unknown[] = [];
  given: (signal: AbortSignal) => void = () => {};

  async versions(): Promise<readonly ServedVersion[]> {
    const older = { ...SUM, version: 1, isChampion: false };
    return [older, SUM, GRAPH, { ...SUM, model: 'stuck' }, PAIR, ...ECHOES];
  }

  async predict(
    version: ServedVersion,
    rows: readonly JsonRow[],
    signal: AbortSignal,
  ): Promise<Prediction[]> {
    if (this.failure !== undefined) throw this.failure;
    this.given(signal);
    if (version.model === 'pair') return rows.map(({ x }) => pairOf(Number(x)));
    if (version.model === 'stuck') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return rows.map((row) => predictionOf(version, row));
  }

  async predictByKey(
    version: ServedVersion,
    { table, keys }: { table: string | undefined; keys: readonly unknown[] },
  ): Promise<(Prediction | null)[]> {
    this.keys = keys;
    if (table === 'nowhere') throw new PgscoreError('PGS_USAGE', 'model sum is not attached to nowhere');
    return keys.map((key) => (key === 'gone' ? null : predictionOf(version, { a: Number(key), b: 0 })));
  }

  async infer(
    { model }: ServedVersion,
    inputs: ReadonlyMap<string, TensorValue>,
  ): Promise<ReadonlyMap<string, TensorValue>> {
    if (model.startsWith('echo')) return new Map([['out', inputs.get('in')!]]);
    const numbers = inputs.get('input0')!;
    const n = numbers.dims[0]!;
    const half = Float32Array.from(numbers.data as Uint32Array, (value) => value / 2);
    return new Map<string, TensorValue>([
      ['output0', { type: 'float32', dims: [n, 2], data: half }],
      ['counts', { type: 'int64', dims: [n], data: new BigInt64Array(n).fill(2n ** 62n + 1n) }],
    ]);
  }

  ready(): Readiness {
    return this.readiness;
  }
}

function predictionOf({ version }: ServedVersion, row: JsonRow): Prediction {
  for (const name of ['a', 'b']) {
    if (!(name in row))
      throw new PgscoreError('PGS_INPUT', `the row does not fit the model: feature "${name}" is absent`);
  }
  const value =
    row.a === null ? null : (2 * Number(row.a) + Number(row.b)) * version - Number(row.a) * 2 * (version - 2);
  const high = (value ?? 0) > 10;
  return {
    value,
    label: high ? 'high' : 'low',
    probabilities: { low: high ? 0.25 : 0.75, high: high ? 0.75 : 0.25 },
    raw: [value ?? Number.NaN],
  };
}

export interface Served {
  readonly service: ArithmeticService;
  readonly url: string;
  readonly log: string[];
  close(): Promise<void>;
}

const servers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server on a free port, closed after the test. */
export async function serve(options: Partial<HttpOptions> = {}): Promise<Served> {
  const service = new ArithmeticService();
  const log: string[] = [];
  const stream = new Writable({
    write(line, _, done) {
      log.push(String(line));
      done();
    },
  });
  const server = await startHttp(service, new Registry(), pino(stream), {
    host: '127.0.0.1',
    port: 0,
    tokens: [],
    ...options,
  });
  servers.push(server);
  return { service, url: server.url, log, close: () => server.close() };
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** JSON with bytes behind it, as the protocol's binary extension has them. */
export async function postBinary(
  url: string,
  json: object | string,
  bytes: Uint8Array,
  headers: Record<string, string> = {},
) {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
      ...headers,
    },
    body: Buffer.concat([head, bytes]),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length') ?? body.length);
  return {
    status: response.status,
    headers: response.headers,
    json: JSON.parse(body.subarray(0, length).toString('utf8')),
    bytes: body.subarray(length),
  };
}

export async function get(url: string, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}
