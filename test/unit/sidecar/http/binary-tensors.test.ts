import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { postBinary, serve, TENSOR_TYPES } from './service.ts';

/** Bytes from hexadecimal digits; blanks are for the reader. */
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

test('answers the request of the extension, in its form', async () => {
  const { url } = await serve();
  // https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md, "Examples".
  const answer = await postBinary(
    `${url}/v2/models/mymodel/infer`,
    {
      model_name: 'mymodel',
      inputs: [
        { name: 'input0', shape: [2, 2], datatype: 'UINT32', parameters: { binary_data_size: 16 } },
        { name: 'input1', shape: [3], datatype: 'BOOL', parameters: { binary_data_size: 3 } },
      ],
      outputs: [{ name: 'output0', parameters: { binary_data: true } }],
    },
    hex('01000000 02000000 03000000 ffffffff 01 00 01'),
  );
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  expect(answer.json).toEqual({
    model_name: 'mymodel',
    model_version: '1',
    outputs: [{ name: 'output0', shape: [2, 2], datatype: 'FP32', parameters: { binary_data_size: 16 } }],
  });
  // The halves as float32: 0.5, 1, 1.5, and 2147483647.5, which rounds to 2^31.
  expect(answer.bytes).toEqual(hex('0000003f 0000803f 0000c03f 0000004f'));
});

test('mixes JSON and bytes, in requests and answers', async () => {
  const { url } = await serve();
  const inputs = [
    { name: 'input1', shape: [1], datatype: 'BOOL', data: [true] },
    { name: 'input0', shape: [1, 2], datatype: 'UINT32', parameters: { binary_data_size: 8 } },
  ];
  const ask = (more: object) =>
    postBinary(`${url}/v2/models/mymodel/infer`, { inputs, ...more }, hex('02000000 04000000'));
  const counts = hex('0100000000000040');
  const all = await ask({ parameters: { binary_data_output: true } });
  expect(all.json.outputs.map((output: { parameters: object }) => output.parameters)).toEqual([
    { binary_data_size: 8 },
    { binary_data_size: 8 },
  ]);
  expect(all.bytes).toEqual(Buffer.concat([hex('0000803f 00000040'), counts]));
  const one = await ask({
    parameters: { binary_data_output: true },
    outputs: [{ name: 'counts' }, { name: 'output0', parameters: { binary_data: false } }],
  });
  expect(one.json.outputs[1]).toMatchObject({ name: 'output0', data: [1, 2] });
  expect(one.bytes).toEqual(counts);
  const none = await ask({});
  expect(none.headers.get('content-type')).toMatch(/^application\/json/);
  expect(none.headers.has('inference-header-content-length')).toBe(false);
});

// One row of two elements each, by the formats of IEEE 754, two's complement and UTF-8.
const ELEMENTS: Readonly<
  Record<(typeof TENSOR_TYPES)[number], readonly [datatype: string, bytes: string, json: unknown[]]>
> = {
  float32: ['FP32', '0000c03f 000000c0', [1.5, -2]],
  float64: ['FP64', '000000000000f83f 9a9999999999b93f', [1.5, 0.1]],
  float16: ['FP16', '003e 007c', [1.5, 'Infinity']],
  int8: ['INT8', 'ff 7f', [-1, 127]],
  uint8: ['UINT8', 'ff 7f', [255, 127]],
  int16: ['INT16', 'feff 0001', [-2, 256]],
  uint16: ['UINT16', 'feff 0001', [65534, 256]],
  int32: ['INT32', 'feffffff 00000100', [-2, 65536]],
  uint32: ['UINT32', 'feffffff 00000100', [4294967294, 65536]],
  int64: ['INT64', 'feffffffffffffff 0000000001000000', [-2, 4294967296]],
  uint64: ['UINT64', '0200000000000000 0000000001000000', [2, 4294967296]],
  bool: ['BOOL', '01 00', [true, false]],
  string: ['BYTES', '00000000 03000000 61c3a9', ['', 'a\u00e9']],
};

describe.each(TENSOR_TYPES)('%s', (type) => {
  const [datatype, bytes, data] = ELEMENTS[type];
  const shape = [1, 2];

  test('goes in as bytes', async () => {
    const { url } = await serve();
    const parameters = { binary_data_size: hex(bytes).length };
    const { json } = await postBinary(
      `${url}/v2/models/echo_${type}/infer`,
      { inputs: [{ name: 'in', shape, datatype, parameters }] },
      hex(bytes),
    );
    expect(json.outputs).toEqual([{ name: 'out', shape, datatype, data }]);
  });

  test('comes out as bytes', async () => {
    const { url } = await serve();
    const answer = await postBinary(
      `${url}/v2/models/echo_${type}/infer`,
      { inputs: [{ name: 'in', shape, datatype, data }], parameters: { binary_data_output: true } },
      Buffer.alloc(0),
    );
    expect(answer.bytes).toEqual(hex(bytes));
  });
});

describe('bytes without JSON are the one input', () => {
  const ask = (url: string, model: string, bytes: Uint8Array) =>
    postBinary(`${url}/v2/models/${model}/infer`, '', bytes);

  test.each([
    ['echo_int16', '0100 0200 0300', [1, 3]],
    ['echo_string', '61c3a9', [1, 1]],
    ['pair', '000000000000f83f 000000000000f03f', [2]],
  ])('of %s', async (model, bytes, shape) => {
    const { url } = await serve();
    const answer = await ask(url, model, hex(bytes));
    expect(answer.status).toBe(200);
    expect(answer.json.outputs[0]).toMatchObject({
      shape,
      parameters: { binary_data_size: expect.any(Number) },
    });
  });

  test.each([
    ['mymodel', '00', /models of one input; this one has 2/],
    ['echo_int16', '01', /the shape of 0.5 elements cannot be told/],
    ['echo_string', 'ff', /not UTF-8/],
  ])('of %s, if they fit it', async (model, bytes, message) => {
    const { url } = await serve();
    const answer = await ask(url, model, hex(bytes));
    expect([answer.status, answer.json]).toEqual([400, { error: expect.stringMatching(message) }]);
  });
});

test.each([undefined, 'application/json', 'application/octet-stream'])(
  'takes them as %s, with the header to tell',
  async (type) => {
    const { url } = await serve();
    const tensor = { name: 'in', shape: [1, 1], datatype: 'INT8', parameters: { binary_data_size: 1 } };
    const json = JSON.stringify({ inputs: [tensor] });
    const answer = await new Promise<string>((resolve, reject) => {
      const call = request(`${url}/v2/models/echo_int8/infer`, {
        method: 'POST',
        headers: {
          'inference-header-content-length': json.length,
          ...(type === undefined ? {} : { 'content-type': type }),
        },
      });
      call.on('error', reject).on('response', (response) => {
        response.setEncoding('utf8').on('data', resolve);
      });
      call.end(Buffer.concat([Buffer.from(json), hex('07')]));
    });
    expect(JSON.parse(answer).outputs[0].data).toEqual([7]);
  },
);

const input = (change: object) => ({
  inputs: [{ name: 'in', shape: [1, 2], datatype: 'BYTES', parameters: { binary_data_size: 10 }, ...change }],
});
const sized = (size: unknown, change: object = {}) =>
  input({ parameters: { binary_data_size: size }, ...change });
const TWO = hex('01000000 61 01000000 62');

test.each([
  ['more than there is', sized(11), TWO, /binary_data_size is 11, and 10 bytes are left/],
  ['a size beyond all', sized(2 ** 53 - 1), TWO, /and 10 bytes are left/],
  ['less than there is', sized(9), TWO, /element 1 ends behind the tensor's data/],
  ['a negative size', sized(-1), TWO, /must be a number of bytes/],
  ['a fraction', sized(1.5), TWO, /must be a number of bytes/],
  ['a size as text', sized('10'), TWO, /must be a number of bytes/],
  [
    'bytes of no input',
    input({ data: ['a', 'b'], parameters: {} }),
    TWO,
    /10 bytes behind the JSON belong to no input/,
  ],
  ['both', input({ data: ['a', 'b'] }), TWO, /both data and binary_data_size/],
  ['fewer texts', input({ shape: [1, 3] }), TWO, /data has 2 elements, its shape has 3/],
  ['more texts', input({ shape: [1, 1] }), TWO, /data has more elements, its shape has 1/],
  ['a text longer than all', sized(5), hex('ffffffff 61'), /element 0 ends behind/],
  ['a length cut off', sized(3), hex('010000'), /element 0 ends behind/],
  ['no UTF-8', sized(5, { shape: [1, 1] }), hex('01000000 ff'), /element 0 is not UTF-8/],
  ['an absurd shape', input({ shape: [9999, 2147483647, 2147483647] }), TWO, /data has 2 elements/],
  [
    'absurd numbers',
    input({ datatype: 'FP64', shape: [9999, 2147483647] }),
    TWO,
    /10 bytes of data, a FP64 tensor/,
  ],
  ['a bit that is none', sized(2, { datatype: 'BOOL' }), hex('0102'), /element 1 is the byte 2/],
])('refuses %s', async (_, json, bytes, message) => {
  const { url } = await serve();
  const answer = await postBinary(`${url}/v2/models/echo_string/infer`, json, bytes);
  expect([answer.status, answer.json]).toEqual([400, { error: expect.stringMatching(message) }]);
});

test.each(['11', '-1', '1e1', 'x', '', '99999999999999999999'])(
  'refuses a JSON of %j bytes',
  async (length) => {
    const { url } = await serve();
    const headers = { 'inference-header-content-length': length };
    const answer = await postBinary(`${url}/v2/models/echo_string/infer`, '', TWO, headers);
    expect([answer.status, answer.json]).toEqual([400, { error: expect.stringMatching(/expected 0 to 10/) }]);
  },
);

test('refuses a header that does not end where the JSON does', async () => {
  const { url } = await serve();
  const answer = await postBinary(`${url}/v2/models/echo_string/infer`, '{"inputs"', TWO);
  expect([answer.status, answer.json.error]).toEqual([
    400,
    expect.stringMatching(/the first 9 bytes, .* no JSON/),
  ]);
});

test('takes no other type, and no bytes where rows are asked for', async () => {
  const { url } = await serve();
  const text = await postBinary(`${url}/v2/models/echo_int8/infer`, '{}', TWO, {
    'content-type': 'text/plain',
  });
  expect([text.status, text.json.error]).toEqual([415, expect.stringMatching(/text\/plain is not taken/)]);
  expect((await postBinary(`${url}/predict/sum`, '{}', TWO)).status).toBe(415);
});
