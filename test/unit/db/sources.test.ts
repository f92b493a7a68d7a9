import { expect, test } from 'vitest';
import { debianMirror, parseDeb822, parseOneLine } from '../../../src/db/local/sources.ts';

test('the one-line format, with options and comments', () => {
  const text = [
    '# deb http://commented.test/debian bookworm main',
    'deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main',
    'deb-src http://sources.test/debian bookworm main',
    'deb [arch=amd64 signed-by=/keys/tool.gpg] https://tool.test/apt stable tool',
    '  deb [ signed-by=/keys/debian.gpg ] http://mirror.test/debian bookworm main contrib # nearest',
  ].join('\n');
  expect(parseOneLine(text)).toContainEqual({
    uri: 'http://mirror.test/debian',
    suites: ['bookworm'],
    components: ['main', 'contrib'],
    signedBy: '/keys/debian.gpg',
  });
  expect(debianMirror(parseOneLine(text))?.uri).toBe('http://mirror.test/debian');
});

test('deb822 stanzas, with several URIs, comments inside and a key inside', () => {
  const text = `# See https://wiki.debian.org/SourcesList
Types: deb deb-src
# the nearest first
URIs: mirror+file:/etc/apt/mirrors/debian.list http://second.test/debian
Suites: trixie trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: http://off.test/debian
Suites: trixie
Components: main
Enabled: no

Types: deb-src
URIs: http://sources.test/debian
Suites: trixie
Components: main
`;
  const found = parseDeb822(text);
  expect(found.map((source) => source.uri)).toEqual([
    'mirror+file:/etc/apt/mirrors/debian.list',
    'http://second.test/debian',
  ]);
  expect(found[0]).toMatchObject({ suites: ['trixie', 'trixie-updates'], components: ['main'] });
  expect(found[0]?.signedBy).toBe(
    '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----',
  );
});

test.each([
  ['Ubuntu', 'deb http://archive.ubuntu.com/ubuntu noble main universe'],
  ['a security archive', 'deb http://security.debian.org/debian-security bookworm-security main'],
  ['a vendor that names its suite after Debian’s', 'deb https://packages.test/apt tool-bookworm main'],
  ['another component', 'deb http://mirror.test/debian bookworm non-free'],
])('%s is no mirror of Debian', (_, line) => {
  expect(debianMirror(parseOneLine(line))).toBeUndefined();
});
