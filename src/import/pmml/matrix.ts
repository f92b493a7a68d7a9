import type { Element } from './element.ts';
import { scanNumbers } from './scan.ts';

/** More than any comparison of values that people write. */
const MAX_SIZE = 1000;

/** A square <Matrix> of so many rows, in rows: https://dmg.org/pmml/v4-4-1/GeneralStructure.html */
export function scanMatrix(element: Element, size: number): readonly (readonly number[])[] {
  if (size > MAX_SIZE) element.refuse(`has more than ${MAX_SIZE} rows`);
  const kind = element.choice('kind', ['diagonal', 'symmetric', 'any'], 'any');
  const rows = element.all('Array').map(scanNumbers);
  const cells = element.all('MatCell');
  if (rows.length > 0 && cells.length > 0) element.fail('has both rows and cells');
  const diagonal = element.number('diagDefault', 0);
  const others = element.number('offDiagDefault', 0);
  const matrix = Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? diagonal : others)),
  );
  const set = (i: number, j: number, value: number): void => {
    if (!Number.isInteger(i) || !Number.isInteger(j) || i < 0 || j < 0 || i >= size || j >= size) {
      element.fail(`has a cell outside of ${size} rows and columns`);
    }
    matrix[i]![j] = value;
    if (kind === 'symmetric') matrix[j]![i] = value;
  };
  for (const cell of cells) {
    set(cell.number('row') - 1, cell.number('col') - 1, cell.parse(cell.text, 'a cell'));
  }
  if (kind === 'diagonal' && rows.length === 1) rows[0]!.forEach((value, i) => void set(i, i, value));
  else rows.forEach((row, i) => void row.forEach((value, j) => void set(i, j, value)));
  const expected = kind === 'diagonal' ? [size] : rows.map((_, i) => (kind === 'symmetric' ? i + 1 : size));
  if (
    rows.length > 0 &&
    (rows.length !== expected.length || rows.some((row, i) => row.length !== expected[i]))
  ) {
    element.fail(`has other rows than those of ${size} values`);
  }
  if (rows.length > 0 && kind !== 'diagonal' && rows.length !== size) element.fail(`needs ${size} rows`);
  return matrix;
}
