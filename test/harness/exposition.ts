/** A sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

type Growing = { help?: string; type?: string; samples: Sample[] };

/**
 * The metrics of a text by name. Throws for what Prometheus would not take, or promtool warns of:
 * https://github.com/prometheus/docs/blob/main/docs/instrumenting/exposition_formats.md
 */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, Growing>();
  const series = new Set<string>();
  let last = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/.exec(line);
    const family = comment === null ? familyOf(readSample(line).name, families) : comment[2]!;
    if (family !== last && families.has(family))
      throw new Error(`the lines of ${family} are not together: ${line}`);
    last = family;
    const growing = families.get(family) ?? { samples: [] };
    families.set(family, growing);
    if (comment !== null) note(growing, comment[1] as 'HELP' | 'TYPE', comment[3]!, line);
    else addSample(growing, readSample(line), series);
  }
  return new Map([...families].map(([name, family]) => [name, checked(name, family)]));
}

function note(family: Growing, kind: 'HELP' | 'TYPE', text: string, line: string): void {
  const key = kind === 'HELP' ? 'help' : 'type';
  if (family[key] !== undefined) throw new Error(`twice: ${line}`);
  if (family.samples.length > 0) throw new Error(`after its samples: ${line}`);
  family[key] = text;
}

function addSample(family: Growing, sample: Sample, series: Set<string>): void {
  const id = JSON.stringify([sample.name, ...Object.entries(sample.labels).sort()]);
  if (series.has(id)) throw new Error(`a series stands twice: ${id}`);
  series.add(id);
  family.samples.push(sample);
}

/** Buckets, sums and counts belong to the histogram before them. */
function familyOf(name: string, families: ReadonlyMap<string, Growing>): string {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return families.get(base)?.type === 'histogram' ? base : name;
}

function readSample(line: string): Sample {
  const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  if (match === null) throw new Error(`no sample: ${line}`);
  const [, name, list, value] = match;
  const labels: Record<string, string> = {};
  let rest = list ?? '';
  while (rest !== '') {
    const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/.exec(rest);
    if (label === null || label[1]! in labels) throw new Error(`no labels: ${line}`);
    labels[label[1]!] = label[2]!;
    rest = rest.slice(label[0].length);
  }
  const number = /^[+-]Inf$/.test(value!) ? Number(`${value}inity`) : Number(value);
  if (Number.isNaN(number) && value !== 'NaN') throw new Error(`no number: ${line}`);
  return { name: name!, labels, value: number };
}

function checked(name: string, { help, type, samples }: Growing): Family {
  if (help === undefined || help === '') throw new Error(`${name} has no HELP`);
  if (type === undefined || !['counter', 'gauge', 'histogram'].includes(type))
    throw new Error(`${name} has no TYPE`);
  if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`);
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} is below 0`);
  if (type === 'histogram') checkHistogram(name, samples);
  return { help, type, samples };
}

/** Of each series: buckets that never fall, the last one without a bound and as great as the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, { buckets: Sample[]; count?: number; sum?: number }>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    const one = series.get(key) ?? { buckets: [] };
    series.set(key, one);
    if (sample.name === `${name}_bucket`) one.buckets.push(sample);
    else if (sample.name === `${name}_count`) one.count = sample.value;
    else if (sample.name === `${name}_sum`) one.sum = sample.value;
    else throw new Error(`${sample.name} is no part of a histogram`);
  }
  for (const [labels, { buckets, count, sum }] of series) {
    const bounds = buckets.map(({ labels: { le } }) => (le === '+Inf' ? Infinity : Number(le)));
    const rises = (numbers: readonly number[], strictly: boolean) =>
      numbers.every((x, k) => k === 0 || x > numbers[k - 1]! || (!strictly && x === numbers[k - 1]!));
    if (!rises(bounds, true) || bounds.at(-1) !== Infinity) throw new Error(`${name}${labels}: its bounds`);
    const values = buckets.map(({ value }) => value);
    if (!rises(values, false) || values.at(-1) !== count) throw new Error(`${name}${labels}: its buckets`);
    if (sum === undefined) throw new Error(`${name}${labels} has no sum`);
  }
}
