import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { findLabel } from './labels.ts';
import { scanMatrix } from './matrix.ts';
import type { Dimension } from './measure.ts';
import type { ModelContext } from './model-context.ts';
import type { DataField } from './scan.ts';
import { insideOf } from './treatment.ts';
import { parseConstant } from './types.ts';
import { knownCode, type NumberValue, type TextValue, type Value } from './values.ts';

/**
 * A field that is compared by a table of its values, or of its intervals, in their declared order. A coordinate of a
 * centre is such a value, or a number inside of an interval.
 */
export function comparedByTable(
  element: Element,
  value: Value,
  points: readonly string[],
  { lowering }: ModelContext,
): Dimension {
  const name = element.string('field');
  const field = lowering.file.fields.get(name);
  if (field === undefined || value.kind === 'constant')
    return element.refuse('compares by a table what is no field of the data dictionary');
  const size = field.valid.length > 0 ? field.valid.length : field.intervals.length;
  if (size === 0) element.refuse('compares by a table, but its field declares neither values nor intervals');
  const matrix = scanMatrix(element.required('Comparisons').required('Matrix'), size);
  const columns = points.map((point) => positionOf(field, point, element));
  const rows = matrix.map((row) => columns.map((column) => row[column]!));
  const position =
    field.valid.length > 0 ? valuePosition(field, value, lowering) : intervalPosition(field, value, lowering);
  const { b } = lowering;
  // What is none of them is invalid; a missing value counts by its weight alone.
  const compared = b.add({ kind: 'gather', inputs: [position], rows, default: Number.NaN });
  return { element, value, points: columns, compared };
}

function positionOf({ valid, intervals }: DataField, text: string, at: Element): number {
  const position =
    valid.length > 0
      ? findLabel(valid, text)
      : intervals.findIndex(({ left, right, leftClosed, rightClosed }) => {
          const x = at.parse(text, 'a coordinate');
          return (x > left || (leftClosed && x === left)) && (x < right || (rightClosed && x === right));
        });
  return position === -1
    ? at.refuse(
        `has a coordinate ${JSON.stringify(text.slice(0, 60))}, which is none of the values of its field`,
      )
    : position;
}

function valuePosition(
  field: DataField,
  value: NumberValue | TextValue,
  { b }: ModelContext['lowering'],
): Register {
  const keys = field.valid.map((text) =>
    value.kind === 'text' ? knownCode(value, text) : parseConstant(field.element, text, value.type),
  );
  const inputs = [value.register];
  return b.add({ kind: 'lookup', inputs, keys, values: [...keys.keys()], default: Number.NaN })[0]!;
}

function intervalPosition(
  { intervals }: DataField,
  value: NumberValue | TextValue,
  lowering: ModelContext['lowering'],
): Register {
  return intervals.reduceRight<Register>((rest, interval, i) => {
    const inside = insideOf(value.register, interval, lowering);
    return lowering.b.select([inside], [lowering.constant(i)], [rest])[0]!;
  }, lowering.constant(Number.NaN));
}
