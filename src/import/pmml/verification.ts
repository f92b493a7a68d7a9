import { PgscoreError } from '../../errors.ts';
import { evaluate } from '../../ir/evaluate.ts';
import type { Model, Prediction } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { OutputPart } from './lower.ts';
import type { PmmlFile } from './scan.ts';
import { parseConstant } from './types.ts';

/** A column of the self-test that a prediction can be compared with. */
interface Check {
  readonly column: string;
  readonly part: OutputPart;
  readonly precision: number;
  readonly zeroThreshold: number;
}

type Row = ReadonlyMap<string, string>;

/**
 * Scores the rows that the file holds with their results (https://dmg.org/pmml/v4-4-1/ModelVerification.html).
 * @throws PgscoreError PGS_UNSUPPORTED with the row, the field, and both values, when one differs.
 */
export function verify(file: PmmlFile, model: Model, parts: ReadonlyMap<string, OutputPart>): void {
  const verification = file.model.optional('ModelVerification');
  if (verification === undefined) return;
  const columns = new Map<string, string>();
  const checks: Check[] = [];
  for (const field of verification.optional('VerificationFields')?.all('VerificationField') ?? []) {
    const name = field.string('field');
    const column = (field.attributes.column ?? name).replace(/^.*:/, '');
    columns.set(name, column);
    const part = parts.get(name);
    if (part === undefined) continue;
    checks.push({
      column,
      part,
      precision: field.number('precision', 1e-6),
      zeroThreshold: field.number('zeroThreshold', 1e-16),
    });
  }
  const rows = verification.optional('InlineTable')?.all('row') ?? [];
  rows.forEach((element, i) => {
    const row: Row = new Map(element.children.map((cell) => [cell.name, cell.text] as const));
    const { prediction } = evaluate(model, inputsOf(element, row, columns, model, file));
    for (const check of checks) compareCell(element, i + 1, row, check, prediction);
  });
}

function inputsOf(
  element: Element,
  row: Row,
  columns: ReadonlyMap<string, string>,
  { features }: Model,
  { fields }: PmmlFile,
): (number | string | null)[] {
  return features.map(({ name, kind }) => {
    const column = columns.get(name);
    const text = column === undefined ? undefined : row.get(column);
    if (text === undefined) return null;
    if (kind === 'text') return text;
    const trimmed = text.trim();
    if (trimmed === '' || trimmed === 'NA' || trimmed === 'NaN') return null;
    return parseConstant(element, trimmed, fields.get(name)!.type);
  });
}

function compareCell(element: Element, number: number, row: Row, check: Check, prediction: Prediction): void {
  const expected = row.get(check.column);
  if (expected === undefined) return;
  const got = partOf(prediction, check.part);
  if (isAccepted(expected.trim(), got, check)) return;
  const id = check.part.kind === 'label' && typeof got === 'string' ? check.part.ids?.get(got) : undefined;
  if (id !== undefined && isAccepted(expected.trim(), id, check)) return;
  throw new PgscoreError(
    'PGS_UNSUPPORTED',
    `${element.file}: the file's own verification fails: row ${number} expects ${check.column} to be ${expected.trim()}, but it is scored as ${got}.`,
    {
      hint: 'Something in the file is not scored as its writer scores it: report this, or export to another format.',
    },
  );
}

function partOf(prediction: Prediction, part: OutputPart): number | string | null {
  switch (part.kind) {
    case 'value':
      return prediction.value;
    case 'label':
      return prediction.label;
    case 'raw': {
      const number = prediction.raw[part.index]!;
      return Number.isNaN(number) ? null : number;
    }
    case 'probability':
      return prediction.probabilities?.[part.label] ?? null;
  }
}

function isAccepted(
  expected: string,
  got: number | string | null,
  { precision, zeroThreshold }: Check,
): boolean {
  if (typeof got === 'string')
    return got === expected || (Number(got) === Number(expected) && got.trim() !== '');
  if (got === null) return expected === '' || expected === 'NA' || expected === 'NaN';
  const number = Number(expected);
  if (Math.abs(number) <= zeroThreshold) return Math.abs(got) <= zeroThreshold;
  return Math.abs(got - number) <= precision * Math.abs(number);
}
