import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Resolves from `src/db` and from `dist/db` alike: the statements are published as they are. */
const FOLDER = fileURLToPath(new URL('../../src/db/queries/', import.meta.url));

const texts = new Map<string, string>();

/**
 * The statement in `src/db/queries/<name>.sql`. Its placeholders, `{table}` say, take the SQL in `parts`, which the
 * caller has quoted; values travel as parameters. Throws when a placeholder has no part.
 */
export function readQuery(name: string, parts: Readonly<Record<string, string>> = {}): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(`${FOLDER}${name}.sql`, 'utf8');
    texts.set(name, text);
  }
  return text.replace(/\{([a-z_]+)\}/g, (_, part: string) => {
    if (parts[part] === undefined) throw new Error(`${name}.sql: no SQL for {${part}}`);
    return parts[part];
  });
}
