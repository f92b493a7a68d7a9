import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { get, post, serve } from './service.ts';

const ROW = { rows: [{ a: 1, b: 1 }] };

test('refuses a body that is too large before it has read it', async () => {
  const { url } = await serve({ limits: { bodyBytes: 1000 } });
  const answer = await post(`${url}/predict/sum`, { rows: [{ a: 'x'.repeat(2000) }] });
  expect(answer.status).toBe(413);
});

test('gives up a request that takes too long, and tells the work of it', async () => {
  const { url, service } = await serve({ limits: { timeout: 100 } });
  const signal = new Promise<AbortSignal>((resolve) => {
    service.given = resolve;
  });
  const answer = await post(`${url}/predict/stuck`, ROW);
  expect(answer).toMatchObject({ status: 504, text: expect.stringContaining('too long') });
  expect((await signal).aborted).toBe(true);
});

test('a client that goes away ends its work', async () => {
  const { url, service } = await serve();
  const started = new Promise<AbortSignal>((resolve) => {
    service.given = resolve;
  });
  const away = new AbortController();
  const answer = fetch(`${url}/predict/stuck`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ROW),
    signal: away.signal,
  });
  const signal = await started;
  const aborted = once(signal, 'abort');
  away.abort();
  await expect(answer).rejects.toThrow();
  await aborted;
});

test('answers so many at a time, lets others wait, and refuses the rest at once', async () => {
  const { url, service } = await serve({ limits: { concurrency: 2, waiting: 2, timeout: 2_000 } });
  let running = 0;
  const both = new Promise<void>((resolve) => {
    service.given = () => {
      running += 1;
      if (running === 2) resolve();
    };
  });
  const stuck = [1, 2].map(() => post(`${url}/predict/stuck`, ROW));
  await both;
  const more = await Promise.all([3, 4, 5, 6].map(() => post(`${url}/predict/stuck`, ROW)));
  const statuses = more.map(({ status }) => status);
  expect(statuses.filter((status) => status === 503)).toHaveLength(2);
  expect(more.find(({ status }) => status === 503)!.headers.get('retry-after')).toBe('1');
  expect((await Promise.all(stuck)).map(({ status }) => status)).toEqual([504, 504]);
  expect((await post(`${url}/predict/sum`, ROW)).status).toBe(200);
});

test('a thousand connections, slow ones among them, do not keep others out', async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port);
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, async (_, k) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await once(socket, 'connect');
      // A third says nothing, a third half a head, a third half a body.
      if (k % 3 === 1) socket.write('POST /predict/sum HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-');
      if (k % 3 === 2) {
        socket.write('POST /predict/sum HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n');
        socket.write('Content-Length: 1000\r\n\r\n{"rows": [');
      }
      return socket;
    }),
  );
  expect((await post(`${url}/predict/sum`, ROW)).status).toBe(200);
  expect((await get(`${url}/v2/health/live`)).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('a thousand requests at once are answered, each in its turn', async () => {
  const { url } = await serve();
  const answers = await Promise.all(Array.from({ length: 1000 }, () => post(`${url}/predict/sum`, ROW)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('a client that breaks off its body is no fault of the server, and none to log', async () => {
  const { url, log, service } = await serve();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST /predict/sum HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n');
  socket.end('Content-Length: 1000\r\n\r\n{"rows": [');
  socket.resume();
  await once(socket, 'close');
  // What is logged of the next one comes after it.
  service.failure = new Error('a fault');
  await post(`${url}/predict/sum`, ROW);
  expect(log.filter((line) => line.includes('a request failed'))).toHaveLength(1);
});

test('closes a connection that sends no whole request in time', async () => {
  const { url } = await serve({ limits: { timeout: 200 } });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST /predict/sum HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n');
  socket.write('Content-Length: 1000\r\n\r\n{"rows": [');
  socket.resume();
  await once(socket, 'close');
});

test('close() answers what is under way, and takes nothing more', async () => {
  const { url, service, close } = await serve({ limits: { timeout: 300 } });
  const started = new Promise((resolve) => {
    service.given = resolve;
  });
  const answer = post(`${url}/predict/stuck`, ROW);
  await started;
  const closed = close();
  expect((await answer).status).toBe(504);
  await closed;
  await expect(fetch(`${url}/v2/health/live`)).rejects.toThrow();
});
