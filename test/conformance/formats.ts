import {
  differenceText,
  type EngineResult,
  type FormatSupport,
  type ModelSupport,
  type RefusedCase,
  type ScoringEngine,
} from '../../src/formats.ts';

/** What a test has seen of one case. */
export type ConformanceRecord = PassedRecord | RefusedRecord;

export interface PassedRecord {
  readonly kind: 'passed';
  /** As `ModelSource.format` has it. */
  readonly format: string;
  /** The models, objectives or operators that the case is about. */
  readonly models: readonly string[];
  readonly case: string;
  readonly engine: ScoringEngine;
  readonly recordedBy: string;
  readonly largestDifference: number;
}

export interface RefusedRecord extends RefusedCase {
  readonly kind: 'refused';
  readonly format: string;
}

const ENGINES = ['database', 'node', 'sidecar'] as const;

/** A format of the registry. */
export interface KnownFormat {
  readonly format: string;
  readonly title: string;
}

/** The table of formats that a run gives, in the order of the registry; formats that are no importer's come last. */
export function supportOf(
  records: readonly ConformanceRecord[],
  known: readonly KnownFormat[],
): FormatSupport[] {
  const others = [...new Set(records.map(({ format }) => format))]
    .filter((format) => !known.some((each) => each.format === format))
    .sort()
    .map((format) => ({ format, title: format }));
  return [...known, ...others].map(({ format, title }) => {
    const own = records.filter((each) => each.format === format);
    const passed = own.filter((each) => each.kind === 'passed');
    const models = [...new Set(passed.flatMap((each) => each.models))].sort(byText);
    return {
      format,
      title,
      passed: Object.fromEntries(
        ENGINES.map(
          (engine) => [engine, passed.filter((each) => each.engine === engine).length] as const,
        ).filter(([, count]) => count > 0),
      ),
      models: models.map((model) => modelSupport(model, passed)),
      refused: own
        .filter((each) => each.kind === 'refused')
        .map(({ case: name, reason }) => ({ case: name, reason }))
        .sort((left, right) => byText(left.case, right.case)),
    };
  });
}

function modelSupport(model: string, passed: readonly PassedRecord[]): ModelSupport {
  const own = passed.filter(({ models }) => models.includes(model));
  const engines: Partial<Record<ScoringEngine, EngineResult>> = {};
  for (const engine of ENGINES) {
    const cases = own.filter((each) => each.engine === engine);
    if (cases.length === 0) continue;
    const largest = Math.max(...cases.map(({ largestDifference }) => largestDifference));
    engines[engine] = { passed: cases.length, largestDifference: boundOf(largest) };
  }
  return { model, engines, recordedBy: [...new Set(own.map(({ recordedBy }) => recordedBy))].sort(byText) };
}

function byText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

const LAST_BITS = 1e-15;

/** The next power of ten: the last digits of a difference depend on the machine. */
export function boundOf(difference: number): number {
  return difference === 0 ? 0 : Number(`1e${Math.ceil(Math.log10(difference))}`);
}

/**
 * How a run differs from the table that is kept: empty when the table is true. A difference within its bound is none,
 * and neither are the last bits of exp, log and their like, which are the machine's own.
 */
export function contradictions(
  kept: readonly FormatSupport[],
  run: readonly FormatSupport[],
): readonly string[] {
  const untested = run
    .filter(({ models }) => models.length === 0)
    .map(({ format }) => `${format}: the registry has the format, and no conformance case passes`);
  const before = flatten(kept);
  const now = flatten(run);
  const changed = [...now].flatMap(([key, value]) => {
    const old = before.get(key);
    if (old === undefined) return [`${key}: is not in the table`];
    if (old.text !== value.text) return [`${key}: the table has ${old.text}, the run ${value.text}`];
    return value.difference <= Math.max(old.difference, LAST_BITS)
      ? []
      : [`${key}: the table bounds the difference by ${old.difference}, the run by ${value.difference}`];
  });
  const gone = [...before.keys()].filter((key) => !now.has(key)).map((key) => `${key}: is not in the run`);
  return [...untested, ...changed, ...gone];
}

interface Entry {
  readonly text: string;
  readonly difference: number;
}

function flatten(formats: readonly FormatSupport[]): Map<string, Entry> {
  return new Map(
    formats.flatMap(({ format, passed, models, refused }): [string, Entry][] => [
      ...Object.entries(passed).map(([engine, count]): [string, Entry] => [
        `${format}, ${engine}`,
        { text: `${count} cases`, difference: 0 },
      ]),
      ...models.flatMap(({ model, engines, recordedBy }) =>
        Object.entries(engines).map(([engine, { passed, largestDifference }]): [string, Entry] => [
          `${format}, ${model}, ${engine}`,
          { text: `${passed} cases by ${recordedBy.join(', ')}`, difference: largestDifference },
        ]),
      ),
      ...refused.map((each): [string, Entry] => [
        `${format}, ${each.case}, refused`,
        { text: each.reason, difference: 0 },
      ]),
    ]),
  );
}

/** The table of the manual: a line for each format and the place that scores it, one for what is refused. */
export function markdownTable(formats: readonly FormatSupport[]): string {
  const lines = formats.flatMap((each) => [
    ...(['database', 'sidecar'] as const).flatMap((engine) => engineLine(each, engine)),
    ...(each.refused.length === 0 ? [] : [refusedLine(each)]),
  ]);
  return [
    '| format | models, objectives, operators | scored in | cases | largest difference | expected numbers by |',
    '| --- | --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}

function engineLine({ title, models, passed }: FormatSupport, engine: 'database' | 'sidecar'): string[] {
  const own = models.filter(({ engines }) => engines[engine] !== undefined);
  if (own.length === 0) return [];
  // The database runs the very code that Node runs: a difference in either is one of the model's.
  const results = own.flatMap(({ engines }) =>
    engine === 'database' ? [engines.database!, engines.node] : [engines.sidecar!],
  );
  const bound = Math.max(...results.map((result) => result?.largestDifference ?? 0));
  return [
    row([
      title,
      folded(own.map(({ model }) => model)),
      engine === 'database' ? 'database, Node' : 'sidecar',
      passed[engine] ?? 0,
      differenceText(bound),
      byProgram([...new Set(own.flatMap(({ recordedBy }) => recordedBy))].sort(byText)),
    ]),
  ];
}

function refusedLine({ title, refused }: FormatSupport): string {
  const names = new Set(refused.map((each) => each.case.replace(/\/model\w*\.\w+$/, '')));
  return row([title, [...names].join(', '), 'refused', refused.length, '', '']);
}

/** How many names a cell shows at most; more unfold by a click. */
const SHOWN = 20;

function folded(names: readonly string[]): string {
  const all = names.join(', ');
  return names.length <= SHOWN ? all : `<details><summary>${names.length}</summary>${all}</details>`;
}

/** `Points 1.0, 1.1` for `Points 1.0` and `Points 1.1`, which follow each other. */
function byProgram(engines: readonly string[]): string {
  return engines
    .map((engine, e) => {
      const version = engine.lastIndexOf(' ');
      const isSame =
        e > 0 && engines[e - 1]!.slice(0, engines[e - 1]!.lastIndexOf(' ')) === engine.slice(0, version);
      return isSame && /^ \d/.test(engine.slice(version)) ? engine.slice(version + 1) : engine;
    })
    .join(', ');
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
}

const START = '<!-- formats: written by npm run generate:formats -->';
const END = '<!-- /formats -->';

/** The manual with this table between its marks. Throws when it has none. */
export function replaceTable(manual: string, table: string): string {
  const start = manual.indexOf(START);
  const end = manual.indexOf(END, start);
  if (start === -1 || end === -1) throw new Error(`README.md has no place for the table: ${START} … ${END}`);
  return `${manual.slice(0, start + START.length)}\n\n${table}\n\n${manual.slice(end)}`;
}
