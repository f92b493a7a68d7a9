import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { checkAccess, isLoopback, refusalOf } from '../../../../src/sidecar/http/auth.ts';
import { get, post, serve } from './service.ts';

const TOKEN = 'a-token-of-some-length';

test.each(['0.0.0.0', '::', '10.0.0.1', 'db.example'])('needs a token on %s', (host) => {
  expect(() => checkAccess(host, { tokens: [] })).toThrow(
    expect.objectContaining({ code: 'PGS_USAGE', hint: expect.stringContaining('PGSCORE_HTTP_TOKEN') }),
  );
  expect(() => checkAccess(host, { tokens: [TOKEN] })).not.toThrow();
});

test.each(['short', 'a token with spaces in it', ''])('takes no weak token: %j', (token) => {
  expect(() => checkAccess('127.0.0.1', { tokens: [token] })).toThrow(/16 or more/);
});

test.each([
  ['127.0.0.1', true],
  ['127.8.9.1', true],
  ['localhost', true],
  ['::1', true],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example', false],
  ['1.2.3.4', false],
  ['', false],
])('%j is this machine: %j', (host, expected) => expect(isLoopback(host)).toBe(expected));

describe('with a token', () => {
  const paths = [
    ['GET', '/v2'],
    ['GET', '/v2/models/sum'],
    ['GET', '/v2/models/sum/ready'],
    ['POST', '/v2/models/sum/infer'],
    ['POST', '/v2/models/mymodel/versions/1/infer'],
    ['POST', '/predict/sum'],
    ['GET', '/metrics'],
    ['GET', '/openapi.json'],
    ['GET', '/nothing'],
  ] as const;

  test.each(paths)('%s %s is refused without it', async (method, path) => {
    const { url } = await serve({ tokens: [TOKEN] });
    for (const authorization of ['', 'Bearer ', 'Bearer wrong-token-of-length', `Basic ${TOKEN}`, TOKEN]) {
      const headers = {
        'content-type': 'application/json',
        ...(authorization === '' ? {} : { authorization }),
      };
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(method === 'POST' ? { body: '{}' } : {}),
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  test('goes on with it, and with any of several', async () => {
    const { url } = await serve({ tokens: ['another-token-of-length', TOKEN] });
    const answer = await post(
      `${url}/predict/sum`,
      { rows: [{ a: 1, b: 1 }] },
      { authorization: `bearer ${TOKEN}` },
    );
    expect(answer.status).toBe(200);
    expect((await get(`${url}/metrics`, { authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });

  test('health needs none', async () => {
    const { url } = await serve({ tokens: [TOKEN] });
    expect((await get(`${url}/v2/health/live`)).status).toBe(200);
    expect((await get(`${url}/v2/health/ready`)).status).toBe(200);
  });
});

test('without a token a name that was made to resolve to this machine is refused', async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  const status = await new Promise((resolve, reject) => {
    request(
      { port, host: '127.0.0.1', path: '/v2', headers: { host: `evil.example:${port}` } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .on('error', reject)
      .end();
  });
  expect(status).toBe(403);
  expect(refusalOf({ host: `localhost:${port}` }, { tokens: [] })).toBeUndefined();
});

test.each([
  ['http://localhost:3000', 200],
  ['https://127.0.0.1', 200],
  ['https://evil.example', 403],
  ['http://127.0.0.1.evil.example', 403],
  ['null', 403],
])('without a token a page of %s gets %d', async (origin, status) => {
  const { url } = await serve();
  expect((await post(`${url}/predict/sum`, { rows: [{ a: 1, b: 1 }] }, { origin })).status).toBe(status);
});

test('with a token any page may ask that knows it', async () => {
  const { url } = await serve({ tokens: [TOKEN] });
  const headers = { origin: 'https://app.example', authorization: `Bearer ${TOKEN}` };
  expect((await get(`${url}/v2`, headers)).status).toBe(200);
});
