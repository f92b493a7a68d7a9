/**
 * The package sources that a Debian machine is configured for: /etc/apt/sources.list and sources.list.d, in both
 * formats that apt reads (sources.list(5)).
 */
export interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Paths, fingerprints or an inline key, as configured. */
  readonly signedBy: string | undefined;
}

/** Parses the one-line format: `deb [signed-by=/path] http://host/debian bookworm main`. Others than `deb` are left out. */
export function parseOneLine(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (match === null) continue;
    const [, options = '', uri = '', suite = '', rest = ''] = match;
    found.push({
      uri,
      suites: [suite],
      components: words(rest),
      signedBy: /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1],
    });
  }
  return found;
}

/** Parses deb822 stanzas (`Types: deb`, `URIs: …`); disabled ones and those without binary packages are left out. */
export function parseDeb822(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const stanza of text.replace(/^#.*\n?/gm, '').split(/\n[ \t]*\n/)) {
    const fields = deb822Fields(stanza);
    const enabled = !/^(no|false|without|off|disable|0)$/i.test(fields.get('enabled')?.trim() ?? 'yes');
    if (!enabled || !words(fields.get('types')).includes('deb')) continue;
    for (const uri of words(fields.get('uris'))) {
      found.push({
        uri,
        suites: words(fields.get('suites')),
        components: words(fields.get('components')),
        signedBy: fields.get('signed-by'),
      });
    }
  }
  return found;
}

function deb822Fields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let name = '';
  for (const line of stanza.split('\n')) {
    const start = /^([A-Za-z0-9-]+):[ \t]*(.*)$/.exec(line);
    if (start !== null) {
      name = (start[1] ?? '').toLowerCase();
      fields.set(name, start[2] ?? '');
    } else if (/^[ \t]/.test(line) && name !== '') {
      fields.set(name, `${fields.get(name)}\n${line}`);
    }
  }
  return fields;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

/** Suites that only Debian's own archive has; derivatives name theirs otherwise. */
const debianSuites = new Set(
  'sid unstable testing stable oldstable oldoldstable buster bullseye bookworm trixie forky duke'.split(' '),
);

/** The first configured mirror of Debian's main archive, which carries sid too; security archives do not. */
export function debianMirror(sources: readonly AptSource[]): AptSource | undefined {
  return sources.find(
    (source) =>
      !source.uri.startsWith('cdrom:') &&
      source.components.includes('main') &&
      source.suites.some((suite) => debianSuites.has(suite)),
  );
}
