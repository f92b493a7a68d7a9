import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { writeModule, writeProgramModule } from '../../../src/codegen/module.ts';
import { programScorer, type Row } from '../../../src/codegen/score.ts';
import { importModel } from '../../../src/import/registry.ts';
import { loadModel } from '../../../src/load-model.ts';
import { readRows } from '../../../src/rows.ts';
import { compileScorer } from '../../../src/scorer/scorer.ts';

const TELCO = 'test/models/telco';

/** Debian's package `chromium`; .ci/run installs it. */
const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

const QUIET = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
];

/** Serves files from memory on loopback, and gives what a browser makes of the page at /. */
async function renderedPage(
  files: Readonly<Record<string, { type: string; text: string }>>,
): Promise<string> {
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    response.writeHead(file === undefined ? 404 : 200, { 'content-type': file?.type ?? 'text/plain' });
    response.end(file?.text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = mkdtempSync(join(tmpdir(), 'pgscore-chromium-'));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const run = await promisify(execFile)(
      chromium!,
      [...QUIET, `--user-data-dir=${profile}`, '--dump-dom', url],
      { maxBuffer: 64 * 1024 * 1024, timeout: 50_000 },
    );
    return run.stdout;
  } finally {
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What `expression` over the exports of a module gives in the browser, by way of JSON. */
async function inBrowser(module: string, expression: string): Promise<unknown> {
  const page = `<!doctype html><pre id="out"></pre><script type="module">
    import { score } from '/model.mjs';
    document.getElementById('out').textContent = JSON.stringify(${expression.replaceAll('<', '\\u003c')});
  </script>`;
  const html = await renderedPage({
    '/': { type: 'text/html; charset=utf-8', text: page },
    '/model.mjs': { type: 'text/javascript', text: module },
  });
  return JSON.parse(/<pre id="out">([^<]*)<\/pre>/.exec(html)?.[1] ?? '');
}

it.runIf(chromium !== undefined)('a browser gives the numbers that Node gives', async () => {
  const name = 'lightgbm-churn.txt';
  const imported = importModel({ name, bytes: readFileSync(`${TELCO}/${name}`) });
  const rows: Row[] = [];
  for await (const { features } of readRows(`${TELCO}/customers-edge.csv`, imported.model.features))
    rows.push(features);
  const module = await writeModule(imported, name);
  const { score } = await loadModel(`${TELCO}/${name}`);
  expect(await inBrowser(module, `${JSON.stringify(rows)}.map((row) => score(row).raw)`)).toEqual(
    rows.map((row) => score(row).raw),
  );
});

it.runIf(chromium !== undefined)('a browser runs a scorer written by hand, errors included', async () => {
  const scorer = await compileScorer('test/models/scorers/risk.ts');
  const module = await writeProgramModule(scorer, 'risk.ts');
  const rows: Row[] = [
    { tenure: 2, charges: 70, contract: 'Month-to-month' },
    { tenure: null, charges: null, contract: 'x' },
  ];
  const { score } = programScorer(scorer.signature, scorer.program);
  expect(await inBrowser(module, `${JSON.stringify(rows)}.map(score)`)).toEqual(
    rows.map((row) => score(row)),
  );
  const thrown = `(() => { try { score({ tenure: -1, charges: 1, contract: null }) } catch ({ code, message }) { return { code, message } } })()`;
  expect(await inBrowser(module, thrown)).toEqual({
    code: 'PGS_INPUT',
    message: 'score() threw RangeError: a tenure of -1 months',
  });
});
