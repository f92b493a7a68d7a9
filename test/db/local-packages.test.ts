import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSid } from '../../src/db/local/apt.ts';
import { cached } from '../../src/db/local/binaries.ts';
import { type AptSource, debianMirror, parseDeb822, parseOneLine } from '../../src/db/local/sources.ts';
import { ensureBuilt, runProgram } from '../harness/cli.ts';
import { needLocalServer } from '../harness/platform.ts';

needLocalServer();

const keys = '/usr/share/keyrings';
const mirror = await configuredMirror();
const suite = mirror?.suites[0];
/** Debian signs sid with its automatic keys alone, and a release also with that release's own key. */
const releaseKey = `${keys}/debian-archive-${suite}-stable.gpg`;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgscore-packages-'));
  await chmod(folder, 0o755);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function configuredMirror(): Promise<AptSource | undefined> {
  const sources: AptSource[] = [];
  const parts = await readdir('/etc/apt/sources.list.d').catch(() => []);
  for (const file of ['sources.list', ...parts.map((part) => `sources.list.d/${part}`)]) {
    const text = await readFile(join('/etc/apt', file), 'utf8').catch(() => '');
    sources.push(...(file.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)));
  }
  return debianMirror(sources);
}

/** A machine's apt folder with these lines, and an empty folder to work in. */
async function machine(name: string, lines: string): Promise<{ etc: string; tree: string }> {
  const etc = join(folder, name, 'etc');
  const tree = join(folder, name, 'tree');
  await mkdir(etc, { recursive: true });
  await mkdir(tree);
  await writeFile(join(etc, 'sources.list'), lines);
  return { etc, tree };
}

test.skipIf(mirror === undefined)('sid comes verified, and apt’s own files stay as they are', async () => {
  const before = await fingerprint();
  const { etc, tree } = await machine('verified', `deb ${mirror?.uri} ${suite} main\n`);
  const sid = await openSid(tree, { etc, keyring: `${keys}/debian-archive-keyring.gpg` });
  const [deb] = await sid.download(['postgresql-18-pljs']);
  expect((await stat(deb!)).size).toBeGreaterThan(100_000);
  expect(await sid.closure('postgresql-18-pljs')).toContain('postgresql-18');
  await expect(sid.download(['postgresql-18-nonesuch'])).rejects.toMatchObject({
    code: 'PGS_LOCAL_SERVER',
    message: expect.stringContaining('Debian sid gave no postgresql-18-nonesuch'),
  });
  expect(await fingerprint()).toEqual(before);
});

test.skipIf(!existsSync(releaseKey))('newer keys come from a suite that the machine trusts', async () => {
  const { etc, tree } = await machine('newer-keys', `deb ${mirror?.uri} ${suite} main\n`);
  const sid = await openSid(tree, { etc, keyring: releaseKey });
  expect(await sid.download(['postgresql-18-pljs'])).toHaveLength(1);
});

test.skipIf(mirror === undefined)('without a key that signed it nothing is taken', async () => {
  const { etc, tree } = await machine('no-keys', `deb ${mirror?.uri} ${suite} main\n`);
  await expect(openSid(tree, { etc, keyring: join(folder, 'none.gpg') })).rejects.toMatchObject({
    code: 'PGS_LOCAL_SERVER',
    message: expect.stringMatching(/signature of Debian sid .* cannot be verified .*NO_PUBKEY/s),
    hint: expect.stringContaining('debian-archive-keyring'),
  });
});

test('a mirror that does not answer is named without its password, with the two other ways', async () => {
  const { etc, tree } = await machine('silent', 'deb http://ann:s3cret@127.0.0.1:9/debian stable main\n');
  const error = await openSid(tree, { etc, keyring: releaseKey }).catch((reason: Error) => reason);
  expect(error).toMatchObject({
    code: 'PGS_LOCAL_SERVER',
    message: expect.stringContaining('cannot be read from the mirror http://127.0.0.1:9/debian'),
    hint: expect.stringMatching(/DATABASE_URL.*docker\/compose\.yaml/s),
  });
  expect(String(error)).not.toContain('s3cret');
});

test('a machine without a mirror of Debian gets the two other ways', async () => {
  const { etc, tree } = await machine('ubuntu', 'deb http://archive.ubuntu.com/ubuntu noble main\n');
  await expect(openSid(tree, { etc, keyring: releaseKey })).rejects.toMatchObject({
    code: 'PGS_LOCAL_SERVER',
    message: expect.stringContaining('apt on this machine has no mirror of Debian configured'),
    hint: expect.stringMatching(/DATABASE_URL.*docker\/compose\.yaml/s),
  });
});

test('a folder of the cache appears complete or not at all, and half-done ones are removed', async () => {
  const cache = join(folder, 'cache');
  const { PGSCORE_CACHE: outer } = process.env;
  process.env.PGSCORE_CACHE = cache;
  try {
    await mkdir(join(cache, 'thing.building-0badcafe'), { recursive: true });
    await mkdir(join(cache, 'thing'));
    await writeFile(join(cache, 'thing', 'partial'), '');
    const failing = cached('thing', async (building) => {
      await writeFile(join(building, 'file'), '');
      throw new Error('cut off');
    });
    await expect(failing).rejects.toThrow('cut off');
    expect(await readdir(cache)).toEqual(['thing']);

    let fills = 0;
    const fill = async (building: string) => {
      fills++;
      await writeFile(join(building, 'file'), 'x');
    };
    const paths = await Promise.all([cached('thing', fill), cached('thing', fill), cached('thing', fill)]);
    expect(new Set(paths)).toEqual(new Set([join(cache, 'thing')]));
    expect(fills).toBe(1);
    expect((await readdir(join(cache, 'thing'))).sort()).toEqual(['complete', 'file']);
  } finally {
    if (outer === undefined) delete process.env.PGSCORE_CACHE;
    else process.env.PGSCORE_CACHE = outer;
  }
});

/** As root only: for everybody else, every test of the local server is this one. */
test.skipIf(process.getuid?.() !== 0 || mirror === undefined || !(await readableByAll()))(
  'a user without any right sets the server up from nothing',
  async () => {
    await ensureBuilt();
    const home = join(folder, 'nobody');
    await mkdir(home);
    await chown(home, 65534, 65534);
    const bin = new URL('../../bin/pgscore.js', import.meta.url).pathname;
    const asNobody = (...args: string[]) =>
      runProgram(
        'setpriv',
        ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, bin, 'db', ...args],
        { cwd: home, env: { HOME: home, PGSCORE_CACHE: '', XDG_CACHE_HOME: '' } },
      );
    const started = await asNobody('start', '--json');
    expect(started).toMatchObject({ code: 0 });
    expect(JSON.parse(started.stdout)).toMatchObject({
      started: true,
      dataDirectory: join(home, '.pgscore/local/server/data'),
    });
    expect((await stat(join(home, '.cache/pgscore'))).uid).toBe(65534);
    expect((await asNobody('stop')).stdout).toBe('stopped\n');
  },
);

async function readableByAll(): Promise<boolean> {
  const result = await runProgram(
    'setpriv',
    ['--reuid=65534', '--regid=65534', '--clear-groups', 'test', '-r', new URL(import.meta.url).pathname],
    { cwd: '/' },
  );
  return result.code === 0;
}

/** Names, sizes and times of everything that apt keeps for the machine. */
async function fingerprint(): Promise<string[]> {
  const found: string[] = [];
  for (const root of ['/etc/apt', '/var/lib/apt', '/var/cache/apt']) {
    for (const entry of await readdir(root, { recursive: true }).catch(() => [])) {
      const { size, mtimeMs } = await stat(join(root, entry));
      found.push(`${root}/${entry} ${size} ${mtimeMs}`);
    }
  }
  return found.sort();
}
