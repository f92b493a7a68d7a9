import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { get, post, serve } from './service.ts';

test('scores rows by feature name', async () => {
  const { url } = await serve();
  const { status, text } = await post(`${url}/predict/sum`, {
    rows: [
      { a: 5, b: 2 },
      { a: null, b: 1 },
    ],
  });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({
    model: 'sum',
    version: 2,
    predictions: [
      { value: 24, label: 'high', probabilities: { low: 0.25, high: 0.75 }, raw: [24] },
      { value: null, label: 'low', probabilities: { low: 0.75, high: 0.25 }, raw: ['NaN'] },
    ],
  });
});

test('scores rows of a table by key, null where there is none', async () => {
  const { url } = await serve();
  const { text } = await post(`${url}/predict/sum`, { keys: ['5', 'gone'], table: 'customers' });
  expect(JSON.parse(text).predictions).toMatchObject([{ value: 20 }, null]);
  const nowhere = await post(`${url}/predict/sum`, { keys: ['5'], table: 'nowhere' });
  expect(nowhere).toMatchObject({ status: 400, text: expect.stringContaining('not attached to nowhere') });
});

test('takes another version than the champion', async () => {
  const { url } = await serve();
  const { text } = await post(`${url}/predict/sum`, { rows: [{ a: 1, b: 1 }], version: 1 });
  expect(JSON.parse(text)).toMatchObject({ version: 1, predictions: [{ value: 5 }] });
  const none = await post(`${url}/predict/sum`, { rows: [], version: 9 });
  expect(none).toMatchObject({ status: 404, text: expect.stringContaining('its versions are 1, 2') });
});

test.each([
  ['a feature that is absent', { rows: [{ a: 1 }] }, 400, /feature \\?"b\\?" is absent/],
  ['neither rows nor keys', {}, 400, /^body must have either rows or keys$/],
  ['both rows and keys', { rows: [], keys: [] }, 400, /^body must have either rows or keys$/],
  ['rows that are no objects', { rows: [1] }, 400, /^body\/rows\/0 must be object$/],
  [
    'more rows than allowed',
    { rows: Array.from({ length: 10_001 }, () => ({})) },
    413,
    /a request takes 10000/,
  ],
  [
    'a key that is none of the request',
    { row: [], keys: [] },
    400,
    /^body must NOT have additional properties: "row"$/,
  ],
  ['a body that is no JSON', '{"rows": [', 400, /JSON/],
  ['an empty body', '', 400, /body/i],
  ['a prototype in the body', '{"rows": [{"__proto__": {"a": 1}, "b": 2}]}', 400, /not valid JSON/],
])('refuses %s', async (_, body, status, message) => {
  const { url } = await serve();
  const answer = await post(`${url}/predict/sum`, body);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toEqual({ error: expect.stringMatching(message) });
});

test('keeps every digit of a key', async () => {
  const { url, service } = await serve();
  await post(`${url}/predict/sum`, '{"keys": [9007199254740993, {"id": -12345678901234567890}, 1e3]}');
  expect(service.keys).toEqual([9007199254740993n, { id: -12345678901234567890n }, 1000]);
});

test.each([
  ['lists without end', Buffer.from(`{"rows": [{"a": ${'['.repeat(100_000)}`), /more than 64 deep/],
  ['objects without end', Buffer.from('{"rows":'.repeat(100_000)), /more than 64 deep/],
  ['a text without end', Buffer.from(`{"rows": "${'\\"'.repeat(1_000_000)}`), /not valid JSON/],
  ['a number without end', Buffer.from(`{"rows": [${'1'.repeat(1_000_000)}`), /not valid JSON/],
  ['half a character', Buffer.from([...Buffer.from('{"rows": ["'), 0xc3]), /not UTF-8/],
])('refuses %s', async (_, body, message) => {
  const { url } = await serve();
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/predict/sum`, { method: 'POST', body, headers });
  expect([response.status, await response.json()]).toEqual([400, { error: expect.stringMatching(message) }]);
});

test('takes no body that is packed', async () => {
  const { url } = await serve();
  const body = gzipSync(JSON.stringify({ rows: [] }));
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const response = await fetch(`${url}/predict/sum`, { method: 'POST', body, headers });
  expect([response.status, await response.json()]).toEqual([
    415,
    { error: expect.stringContaining('a body in gzip is not taken') },
  ]);
});

test.each([
  ['text/plain', /Content-Type: text\/plain is not taken; send it with Content-Type: application\/json/],
  ['application/x-www-form-urlencoded', /x-www-form-urlencoded is not taken/],
])('takes JSON alone, and no %s', async (type, message) => {
  const { url } = await serve();
  const { status, text } = await post(`${url}/predict/sum`, 'a=1', { 'content-type': type });
  expect([status, JSON.parse(text)]).toEqual([415, { error: expect.stringMatching(message) }]);
});

test('says of a path that cannot be read what is wrong', async () => {
  const { url } = await serve();
  const { status, text } = await get(`${url}/v2/models/%zz`);
  expect([status, JSON.parse(text)]).toEqual([
    400,
    { error: "'/v2/models/%zz' is not a valid url component" },
  ]);
});

test('tells the client nothing of a fault, and the log everything', async () => {
  const { url, service, log } = await serve();
  service.failure = new Error('password of postgres is secret');
  const answer = await post(`${url}/predict/sum`, { rows: [{ a: 1, b: 1 }] });
  expect(answer).toMatchObject({ status: 500, text: '{"error":"internal error; the log has the details"}' });
  expect(log.join()).toContain('password of postgres is secret');
});

test('counts for Prometheus', async () => {
  const { url } = await serve();
  await post(`${url}/predict/sum`, {
    rows: [
      { a: 1, b: 1 },
      { a: 2, b: 1 },
    ],
  });
  await post(`${url}/predict/evil%22%7D`, { rows: [] });
  const { text, headers } = await get(`${url}/metrics`);
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
  expect(text).toContain('pgscore_http_rows_total{model="sum",version="2"} 2');
  expect(text).toContain('pgscore_http_requests_total{route="/predict/:name",status="200"} 1');
  expect(text).not.toContain('evil');
});
