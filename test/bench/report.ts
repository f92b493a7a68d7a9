/** A finding as a table; with --json as it is. */
export interface Section {
  readonly title: string;
  /** What has to be known to read the numbers. */
  readonly notes: readonly string[];
  readonly rows: readonly SectionRow[];
}

export interface SectionRow {
  readonly name: string;
  /** By column, units in the column's name. One row at least has all columns; elsewhere a cell may be empty. */
  readonly values: Readonly<Record<string, number>>;
}

export function formatSection({ title, notes, rows }: Section): string {
  const columns = rows
    .map(({ values }) => Object.keys(values))
    .reduce((a, b) => (b.length > a.length ? b : a), []);
  const cells = [
    ['', ...columns],
    ...rows.map(({ name, values }) => [
      name,
      ...columns.map((column) => (values[column] === undefined ? '' : formatNumber(values[column]))),
    ]),
  ];
  const widths = cells[0]!.map((_, c) => Math.max(...cells.map((row) => row[c]!.length)));
  const lines = cells.map((row) =>
    row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  '),
  );
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return [
    `\n${title}`,
    ...notes.map((note) => `  ${note}`),
    '',
    ...lines.map((line) => line.trimEnd()),
    '',
  ].join('\n');
}

/** Whole numbers as they are, others with three significant digits; thousands apart. */
function formatNumber(value: number): string {
  if (Number.isSafeInteger(value)) return value.toLocaleString('en-US');
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.max(0, 2 - magnitude);
  const rounded = magnitude > 2 ? Number(value.toPrecision(3)) : value;
  return rounded.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
