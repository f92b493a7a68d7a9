import { expect, test } from 'vitest';
import { get, post, serve } from './service.ts';

test('answers the request of the specification, in its form', async () => {
  const { url } = await serve();
  // https://github.com/kserve/open-inference-protocol, inference_rest.md, "Inference Request Examples", with as many
  // booleans as the shape says.
  const answer = await post(`${url}/v2/models/mymodel/infer`, {
    id: '42',
    inputs: [
      { name: 'input0', shape: [2, 2], datatype: 'UINT32', data: [1, 2, 3, 4] },
      { name: 'input1', shape: [2], datatype: 'BOOL', data: [true, false] },
    ],
    outputs: [{ name: 'output0' }],
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(JSON.parse(answer.text)).toEqual({
    model_name: 'mymodel',
    model_version: '1',
    id: '42',
    outputs: [{ name: 'output0', shape: [2, 2], datatype: 'FP32', data: [0.5, 1, 1.5, 2] }],
  });
});

test('takes nested data, and gives all outputs with all digits', async () => {
  const { url } = await serve();
  const { text } = await post(`${url}/v2/models/mymodel/versions/1/infer`, {
    inputs: [
      { name: 'input0', shape: [1, 2], datatype: 'UINT32', data: [[4294967295, 0]] },
      { name: 'input1', shape: [1], datatype: 'BOOL', data: [1] },
    ],
  });
  expect(text).toBe(
    '{"model_name":"mymodel","model_version":"1","outputs":[' +
      '{"name":"output0","shape":[1,2],"datatype":"FP32","data":[2147483648,0]},' +
      '{"name":"counts","shape":[1],"datatype":"INT64","data":[4611686018427387905]}]}',
  );
});

test('takes a feature an input for models of the database', async () => {
  const { url } = await serve();
  const { status, text } = await post(`${url}/v2/models/sum/infer`, {
    inputs: [
      { name: 'a', shape: [3, 1], datatype: 'FP64', data: [1, 5, null] },
      { name: 'b', shape: [3], datatype: 'INT64', data: [1, 2, 3] },
    ],
  });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    model_name: 'sum',
    model_version: '2',
    outputs: [
      { name: 'value', shape: [3], datatype: 'FP64', data: [6, 24, null] },
      { name: 'label', shape: [3], datatype: 'BYTES', data: ['low', 'high', 'low'] },
      { name: 'probabilities', shape: [3, 2], datatype: 'FP64', data: [0.75, 0.25, 0.25, 0.75, 0.75, 0.25] },
      { name: 'raw', shape: [3, 1], datatype: 'FP64', data: [6, 24, null] },
    ],
  });
});

test('takes all features of numbers as one matrix', async () => {
  const { url } = await serve();
  const body = (data: number[], shape: number[]) => ({
    inputs: [{ name: 'features', shape, datatype: 'FP32', data }],
    outputs: [{ name: 'value' }],
  });
  const answer = await post(`${url}/v2/models/sum/infer`, body([1, 1, 5, 2], [2, 2]));
  expect(JSON.parse(answer.text).outputs[0].data).toEqual([6, 24]);
  const wide = await post(`${url}/v2/models/sum/infer`, body([1, 1, 5], [1, 3]));
  expect(wide).toMatchObject({ status: 400, text: expect.stringContaining('expected [rows, 2]') });
});

test('ignores parameters that it does not know, and gives an id back, the empty one too', async () => {
  const { url } = await serve();
  const { status, text } = await post(`${url}/v2/models/echo_int8/infer`, {
    id: '',
    parameters: { priority: 1, timeout: 5, custom: 'x' },
    inputs: [
      { name: 'in', shape: [1, 1], datatype: 'INT8', parameters: { content_type: 'np' }, data: [[7]] },
    ],
    outputs: [{ name: 'out', parameters: { classification: 0 } }],
  });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    model_name: 'echo_int8',
    model_version: '1',
    id: '',
    outputs: [{ name: 'out', shape: [1, 1], datatype: 'INT8', data: [7] }],
  });
});

// The least and the greatest of each type; floats that are no float64 of few digits.
test.each([
  ['float32', 'FP32', '[3.4028234663852886e+38,1.401298464324817e-45,-0.0,null]'],
  ['float64', 'FP64', '[1.7976931348623157e+308,5e-324,"-Infinity",0.1]'],
  ['float16', 'FP16', '[65504,5.960464477539063e-8,"Infinity",0.5]'],
  ['int8', 'INT8', '[-128,127]'],
  ['uint8', 'UINT8', '[0,255]'],
  ['int16', 'INT16', '[-32768,32767]'],
  ['uint16', 'UINT16', '[0,65535]'],
  ['int32', 'INT32', '[-2147483648,2147483647]'],
  ['uint32', 'UINT32', '[0,4294967295]'],
  ['int64', 'INT64', '[-9223372036854775808,9223372036854775807,9007199254740993]'],
  ['uint64', 'UINT64', '[0,18446744073709551615]'],
  ['bool', 'BOOL', '[true,false]'],
  ['string', 'BYTES', '["","caf\u00e9 \ud83d\ude00","18446744073709551615"]'],
])('%s tensors keep every digit in JSON', async (type, datatype, data) => {
  const { url } = await serve();
  const shape = [1, JSON.parse(data).length];
  const { text } = await post(
    `${url}/v2/models/echo_${type}/infer`,
    `{"inputs":[{"name":"in","shape":${JSON.stringify(shape)},"datatype":"${datatype}","data":${data}}]}`,
  );
  const given = datatype === 'BYTES' ? JSON.stringify(JSON.parse(data)) : data;
  expect(text).toContain(`"data":${given}}`);
});

test.each([
  ['int64', 'INT64', '9223372036854775808'],
  ['uint64', 'UINT64', '18446744073709551616'],
  ['uint64', 'UINT64', '-1'],
  ['int32', 'INT32', '12345678901234567890'],
  ['bool', 'BOOL', '12345678901234567890'],
  ['string', 'BYTES', '12345678901234567890'],
])('%s tensors do not hold what is no %s: %s', async (type, datatype, element) => {
  const { url } = await serve();
  const answer = await post(
    `${url}/v2/models/echo_${type}/infer`,
    `{"inputs":[{"name":"in","shape":[1,1],"datatype":"${datatype}","data":[${element}]}]}`,
  );
  expect(answer.status).toBe(400);
  expect(answer.text).toContain(`which is no ${datatype}`);
});

test('gives all numbers of a model of the database that predicts several', async () => {
  const { url } = await serve();
  expect(JSON.parse((await get(`${url}/v2/models/pair`)).text).outputs).toEqual([
    { name: 'value', datatype: 'FP64', shape: [-1] },
    { name: 'raw', datatype: 'FP64', shape: [-1, -1] },
    { name: 'values', datatype: 'FP64', shape: [-1, -1] },
  ]);
  const { text } = await post(`${url}/v2/models/pair/infer`, {
    inputs: [{ name: 'x', shape: [2], datatype: 'FP16', data: [1, 0.5] }],
    outputs: [{ name: 'values' }],
  });
  expect(JSON.parse(text).outputs[0]).toMatchObject({ shape: [2, 2], data: [2, 3, 1.5, 2.5] });
});

test('describes server and models', async () => {
  const { url } = await serve();
  expect(JSON.parse((await get(`${url}/v2`)).text)).toEqual({
    name: 'pgscore',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    extensions: ['binary_tensor_data'],
  });
  expect(JSON.parse((await get(`${url}/v2/models/mymodel`)).text)).toEqual({
    name: 'mymodel',
    versions: ['1'],
    platform: 'onnx_onnxv1',
    inputs: [
      { name: 'input0', datatype: 'UINT32', shape: [-1, 2] },
      { name: 'input1', datatype: 'BOOL', shape: [-1] },
    ],
    outputs: [
      { name: 'output0', datatype: 'FP32', shape: [-1, 2] },
      { name: 'counts', datatype: 'INT64', shape: [-1] },
    ],
  });
  expect(JSON.parse((await get(`${url}/v2/models/sum/versions/1`)).text).versions).toEqual(['1', '2']);
  expect(JSON.parse((await get(`${url}/v2/models/sum/ready`)).text)).toEqual({ name: 'sum', ready: true });
});

test('says whether it lives and whether it is ready', async () => {
  const { url, service } = await serve();
  expect(await get(`${url}/v2/health/ready`)).toMatchObject({ status: 200 });
  service.readiness = { ready: false, reason: 'the database cannot be reached' };
  expect(await get(`${url}/v2/health/live`)).toMatchObject({ status: 200, text: '{"live":true}' });
  expect(await get(`${url}/v2/health/ready`)).toMatchObject({
    status: 503,
    text: expect.stringContaining('cannot be reached'),
  });
  expect(await get(`${url}/v2/models/sum/ready`)).toMatchObject({
    status: 503,
    text: '{"name":"sum","ready":false}',
  });
});

const tensor = (change: object) => ({
  inputs: [
    { name: 'input0', shape: [1, 2], datatype: 'UINT32', data: [1, 2], ...change },
    { name: 'input1', shape: [1], datatype: 'BOOL', data: [true] },
  ],
});

test.each([
  ['no inputs', {}, 400, /inputs/],
  ['too few elements', tensor({ data: [1] }), 400, /data has 1 elements, its shape \[1, 2\] has 2/],
  ['too many elements', tensor({ data: [1, 2, 3] }), 400, /data has 3 elements, its shape \[1, 2\] has 2/],
  ['ragged lists', tensor({ shape: [2, 2], data: [[1, 2, 3], [4]] }), 400, /a list of 3 at axis 1/],
  ['too few lists', tensor({ shape: [2, 2], data: [[1, 2]] }), 400, /a list of 1 at axis 0/],
  ['lists among numbers', tensor({ shape: [2, 1], data: [1, [2]] }), 400, /no list at axis 1/],
  ['lists in the last axis', tensor({ data: [[1, [2]]] }), 400, /element 1 is \[2\], which is no UINT32/],
  ['no data', tensor({ data: undefined }), 400, /input input0: data is absent, and so is .*binary_data_size/],
  ['an output twice', { ...tensor({}), outputs: [{ name: 'output0' }, { name: 'output0' }] }, 400, /twice/],
  [
    'a parameter of another type',
    { ...tensor({}), outputs: [{ name: 'output0', parameters: { binary_data: 1 } }] },
    400,
    /output output0: the parameter binary_data must be true or false/,
  ],
  [
    'shared memory',
    tensor({ data: undefined, parameters: { shared_memory_region: 'r', shared_memory_byte_size: 8 } }),
    400,
    /input input0: the parameter shared_memory_region is not supported/,
  ],
  [
    'a classification',
    { ...tensor({}), outputs: [{ name: 'output0', parameters: { classification: 2 } }] },
    400,
    /output output0: the parameter classification is not supported/,
  ],
  ['a fraction for an integer', tensor({ data: [1, 1.5] }), 400, /element 1 is 1.5, which is no UINT32/],
  ['a number out of range', tensor({ data: [1, -1] }), 400, /element 1 is -1, which is no UINT32/],
  ['a text for a number', tensor({ data: [1, 'x'] }), 400, /element 1 is "x"/],
  ['an unknown datatype', tensor({ datatype: 'FP128' }), 400, /"FP128" is not known; one of FP32/],
  ['another datatype', tensor({ datatype: 'FP32' }), 400, /datatype FP32, expected UINT32/],
  ['another rank', tensor({ shape: [2] }), 400, /its shape is \[2\], expected \[-1, 2\]/],
  ['a negative length', tensor({ shape: [-1, 2] }), 400, /shape/],
  ['an absurd shape', tensor({ shape: [9999, 2147483647] }), 400, /elements/],
  ['more rows than allowed', tensor({ shape: [10001, 2] }), 413, /a request takes 10000/],
  ['an unknown input', tensor({ name: 'input9' }), 400, /no input "input9"; the inputs are input0, input1/],
  [
    'an input twice',
    tensor({ name: 'input1', shape: [1], datatype: 'BOOL', data: [true] }),
    400,
    /given twice/,
  ],
  ['an input alone', { inputs: [tensor({}).inputs[0]] }, 400, /inputs are absent: input1/],
  ['an unknown output', { ...tensor({}), outputs: [{ name: 'nothing' }] }, 400, /no output "nothing"/],
])('refuses %s', async (_, body, status, message) => {
  const { url } = await serve();
  const answer = await post(`${url}/v2/models/mymodel/infer`, body);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toEqual({ error: expect.stringMatching(message) });
});

test.each([
  ['a model', '/v2/models/other/infer', /no model "other"; the models are sum, mymodel, stuck, /],
  ['a version', '/v2/models/sum/versions/7/infer', /no version "7"; its versions are 1, 2/],
  ['a path', '/v2/model/sum', /there is no POST/],
])('does not know %s', async (_, path, message) => {
  const { url } = await serve();
  const answer = await post(`${url}${path}`, tensor({}));
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text)).toEqual({ error: expect.stringMatching(message) });
});
