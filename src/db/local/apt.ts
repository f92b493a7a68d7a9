import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Outcome, run } from './account.ts';
import { localServerError } from './error.ts';
import { type AptSource, debianMirror, parseDeb822, parseOneLine } from './sources.ts';

const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Debian's sid, as the machine's own mirror has it, read by apt in a tree of its own: apt verifies signatures and
 * checksums as always, and nothing of the machine's apt configuration, lists or packages changes. Proxies and
 * transports that the machine is configured for apply. Works for every user.
 */
export interface Sid {
  /** The mirror's URI, as apt is configured for it. */
  readonly uri: string;
  /** What it was verified with: the path of a keyring, or another form that Signed-By has. */
  readonly signedBy: string;
  /** Downloads binary packages into the tree; gives the .deb files in the same order. */
  download(packages: readonly string[]): Promise<string[]>;
  /** The names of the packages that must be there for `name` to run, itself included. */
  closure(name: string): Promise<string[]>;
}

/** What the machine is configured for. */
export interface AptMachine {
  /** The folder of sources.list and sources.list.d. */
  readonly etc: string;
  /** Debian's keys, for a source that names none. */
  readonly keyring: string;
}

const thisMachine: AptMachine = { etc: '/etc/apt', keyring: debianKeyring };

/** Opens sid in an empty directory: fetches the package list (10 MB) and verifies it. */
export async function openSid(tree: string, machine: AptMachine = thisMachine): Promise<Sid> {
  const mirror = await machineMirror(machine.etc);
  const config = await makeTree(join(tree, 'sid'));
  const signedBy = await updateLists(tree, config, mirror, machine.keyring);
  return {
    uri: mirror.uri,
    signedBy,
    download: (packages) => download(config, packages),
    closure: (name) => closure(tree, config, name),
  };
}

/** Unpacks a .deb's files below a directory. */
export async function unpack(deb: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const outcome = await run('dpkg-deb', ['-x', deb, directory], { cwd: directory });
  if (outcome.code !== 0)
    throw localServerError(`${deb} cannot be unpacked: ${lastLines(outcome)}`, { hint: 'Try again.' });
}

async function machineMirror(etc: string): Promise<AptSource> {
  const found: AptSource[] = [];
  for (const file of await sourceFiles(etc)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    found.push(...(file.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)));
  }
  const mirror = debianMirror(found);
  if (mirror !== undefined) return mirror;
  throw localServerError(
    'PLJS comes from Debian, and apt on this machine has no mirror of Debian configured ' +
      `(looked in sources.list and sources.list.d of ${etc})`,
  );
}

async function sourceFiles(etc: string): Promise<string[]> {
  const folder = join(etc, 'sources.list.d');
  const names = await readdir(folder).catch(() => []);
  const parts = names.filter((name) => /\.(list|sources)$/.test(name)).sort();
  return [join(etc, 'sources.list'), ...parts.map((name) => join(folder, name))];
}

interface AptTree {
  readonly configFile: string;
  readonly sourceFile: string;
  readonly archives: string;
}

async function makeTree(root: string): Promise<AptTree> {
  const archives = join(root, 'cache/archives');
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'empty']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeFile(join(root, 'status'), '');
  const configFile = join(root, 'apt.conf');
  const sourceFile = join(root, 'sid.sources');
  await writeFile(configFile, aptConfig(root, sourceFile));
  return { configFile, sourceFile, archives };
}

/**
 * Read after the machine's own configuration. Its hooks are cleared, since they act on the machine. sid's index may
 * be past its date on a mirror that lags; its signature is checked all the same.
 */
function aptConfig(root: string, sourceFile: string): string {
  return `
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "${root}/state";
Dir::State::lists "${root}/state/lists";
Dir::State::status "${root}/status";
Dir::Cache "${root}/cache";
Dir::Cache::archives "${root}/cache/archives";
Dir::Etc::sourcelist "${sourceFile}";
Dir::Etc::sourceparts "${root}/empty";
Dir::Etc::preferences "${root}/empty/none";
Dir::Etc::preferencesparts "${root}/empty";
Dir::Log "${root}";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "2";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
APT::Update::Error-Mode "any";
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
`;
}

/**
 * Tries the keys that the machine trusts; when sid is signed by newer ones alone, takes the newer keyring package
 * from the suites that the machine trusts already. Gives the keys that did it.
 */
async function updateLists(
  tree: string,
  apt: AptTree,
  mirror: AptSource,
  machineKeyring: string,
): Promise<string> {
  let outcome: Outcome = { code: 1, stdout: '', stderr: '' };
  for (const keys of new Set([mirror.signedBy ?? machineKeyring, machineKeyring])) {
    outcome = await update(tree, apt, mirror, ['sid'], keys);
    if (outcome.code === 0) return keys;
    if (!signatureRefused(outcome)) throw unreachable(mirror, outcome);
  }
  const keyring = await newerKeyring(tree, mirror, machineKeyring);
  if (keyring !== undefined) {
    const again = await update(tree, apt, mirror, ['sid'], keyring);
    if (again.code === 0) return keyring;
    outcome = again;
  }
  throw localServerError(
    `the signature of Debian sid at ${withoutPassword(mirror.uri)} cannot be verified with this machine's keys ` +
      `(${machineKeyring}): ${lastLines(outcome)}`,
    { hint: 'Upgrade the package debian-archive-keyring and try again; or set DATABASE_URL.' },
  );
}

/** The keyring of the newest debian-archive-keyring in the machine's own suites, verified with the machine's keys. */
async function newerKeyring(
  tree: string,
  mirror: AptSource,
  machineKeyring: string,
): Promise<string | undefined> {
  const apt = await makeTree(join(tree, 'trusted'));
  const outcome = await update(tree, apt, mirror, mirror.suites, mirror.signedBy ?? machineKeyring);
  if (outcome.code !== 0) return undefined;
  const [deb] = await download(apt, ['debian-archive-keyring']);
  if (deb === undefined) return undefined;
  const unpacked = join(tree, 'keyring');
  await unpack(deb, unpacked);
  const copy = join(tree, 'debian-archive-keyring.gpg');
  await copyFile(join(unpacked, debianKeyring), copy);
  return copy;
}

function update(
  tree: string,
  apt: AptTree,
  mirror: AptSource,
  suites: readonly string[],
  signedBy: string,
): Promise<Outcome> {
  const stanza = [
    'Types: deb',
    `URIs: ${mirror.uri}`,
    `Suites: ${suites.join(' ')}`,
    'Components: main',
    `Signed-By: ${signedBy}`,
  ].join('\n');
  return writeFile(apt.sourceFile, `${stanza}\n`).then(() =>
    run('apt-get', ['-c', apt.configFile, 'update'], { cwd: tree, timeoutMs: 300_000 }),
  );
}

function signatureRefused(outcome: Outcome): boolean {
  return /NO_PUBKEY|EXPKEYSIG|REVKEYSIG|is not signed|not be verified|Missing key|verify/i.test(
    outcome.stderr,
  );
}

function unreachable(mirror: AptSource, outcome: Outcome): Error {
  if (outcome.code === 127)
    return localServerError('apt-get is not installed here, and PLJS comes from Debian');
  return localServerError(
    `Debian sid cannot be read from the mirror ${withoutPassword(mirror.uri)}: ${lastLines(outcome)}`,
  );
}

async function download(apt: AptTree, packages: readonly string[]): Promise<string[]> {
  const before = new Set(await readdir(apt.archives));
  const outcome = await run('apt-get', ['-c', apt.configFile, 'download', ...packages], {
    cwd: apt.archives,
    timeoutMs: 300_000,
  });
  if (outcome.code !== 0) throw missingPackage(packages, outcome);
  const debs = (await readdir(apt.archives)).filter((name) => name.endsWith('.deb') && !before.has(name));
  return packages.map((wanted) => {
    const deb = debs.find((name) => name.startsWith(`${wanted}_`));
    if (deb === undefined) throw missingPackage(packages, outcome);
    return join(apt.archives, deb);
  });
}

function missingPackage(packages: readonly string[], outcome: Outcome): Error {
  return localServerError(
    `Debian sid gave no ${packages.join(', ')}: ${lastLines(outcome)}. ` +
      'A new version may be replacing the old one on the mirror at this moment, or the package has left sid',
    {
      hint: 'Try again in some minutes; if it stays so, set DATABASE_URL to a server that has plv8 or pljs.',
    },
  );
}

async function closure(tree: string, apt: AptTree, name: string): Promise<string[]> {
  const outcome = await run('apt-get', ['-c', apt.configFile, '-s', 'install', name], { cwd: tree });
  if (outcome.code !== 0) throw missingPackage([name], outcome);
  return [...outcome.stdout.matchAll(/^Inst (\S+)/gm)].map((match) => match[1] ?? '');
}

function lastLines(outcome: Outcome): string {
  const lines = outcome.stderr.split('\n').filter((line) => line.trim() !== '' && !/unsandboxed/.test(line));
  return lines.slice(-3).join(' ').slice(0, 600) || `exit code ${outcome.code}`;
}

/** A mirror's URI may carry credentials; they stay out of messages. */
function withoutPassword(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//');
}
