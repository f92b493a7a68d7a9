export interface Token {
  readonly kind: 'word' | 'quoted' | 'number' | 'text' | 'symbol';
  /** Without quotes. */
  readonly text: string;
}

/** Longer than any statement that people write. */
const MAX_LENGTH = 100_000;

const PATTERN =
  /\s+|(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|`(?<quoted>[^`]*)`|'(?<single>[^'\\]*)'|"(?<double>[^"\\]*)"|(?<symbol><=|>=|<>|!=|==|[-+*/%(),.;<>=!])/y;

/** The words of a statement. In Spark double quotes stand around texts, backquotes around names. Throws an Error. */
export function tokenise(text: string): readonly Token[] {
  if (text.length > MAX_LENGTH) throw new Error(`is longer than ${MAX_LENGTH} characters`);
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const at = PATTERN.lastIndex;
    const groups = PATTERN.exec(text)?.groups;
    if (groups === undefined)
      throw new Error(`has ${JSON.stringify(text.slice(at, at + 20))}, which pgscore does not read`);
    const found = Object.entries(groups).find(([, value]) => value !== undefined);
    if (found === undefined) continue;
    const [group, value] = found as [string, string];
    const kind = group === 'single' || group === 'double' ? 'text' : (group as Token['kind']);
    tokens.push({ kind, text: value });
  }
  return tokens;
}
