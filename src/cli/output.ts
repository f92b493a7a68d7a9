/** For NOTICEs of the server and remarks: stderr, so that stdout holds the result alone. */
export function note(message: string): void {
  console.error(`pgscore: ${message}`);
}

/** One JSON object, or the text for people. */
export function print(json: boolean | undefined, object: unknown, text: string): void {
  console.log(json === true ? JSON.stringify(object) : text);
}

/** A table with a header, its columns as wide as their widest cell; numbers to the right. */
export function table(rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => show(row[column])));
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((line) => line[i]!.length)));
  const numeric = columns.map((column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (parts: readonly string[]) =>
    parts
      .map((part, i) => (numeric[i] ? part.padStart(widths[i]!) : part.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().slice(0, 19).replace('T', ' ');
  return String(value);
}
