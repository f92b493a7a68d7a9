import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import type { Context } from './expressions.ts';
import type { Lowering } from './lowering.ts';
import { number, type Value } from './values.ts';

/** Points of a function that is linear between them. */
export interface LinearPieces {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly outliers: 'asIs' | 'asMissingValues' | 'asExtremeValues';
}

export function scanPieces(element: Element): LinearPieces {
  const norms = element.all('LinearNorm');
  const x = norms.map((norm) => norm.number('orig'));
  const y = norms.map((norm) => norm.number('norm'));
  if (x.length < 2) element.fail('needs at least two <LinearNorm>');
  if ([...x, ...y].some((value) => !Number.isFinite(value))) element.fail('needs finite numbers');
  const outliers = element.choice('outliers', ['asIs', 'asMissingValues', 'asExtremeValues'], 'asIs');
  return { x, y, outliers };
}

/** https://dmg.org/pmml/v4-4-1/Transformations.html#xsdElement_NormContinuous */
export function lowerNormContinuous(element: Element, context: Context): Value {
  const { lowering } = context;
  element.allow('LinearNorm');
  const input = lowering.asNumber(context.resolve(element.string('field'), element), element);
  const pieces = scanPieces(element);
  const register = applyPieces(input.register, pieces, element, lowering);
  const present = input.present && pieces.outliers !== 'asMissingValues';
  const { mapMissingTo } = element.attributes;
  if (mapMissingTo === undefined || input.present) return number(register, 'double', present);
  // Only a missing input is mapped, not an outlier.
  const missing = lowering.b.map([input.register], { name: 'is-nan' });
  const by = lowering.constant(element.parse(mapMissingTo, 'mapMissingTo'));
  return number(
    lowering.b.select(missing, [by], [register])[0]!,
    'double',
    pieces.outliers !== 'asMissingValues',
  );
}

/** Extends or ends past the first and the last point, as `outliers` says. `x` ascends. */
export function applyPieces(
  register: Register,
  { x, y, outliers }: LinearPieces,
  at: Element,
  lowering: Lowering,
): Register {
  const { b } = lowering;
  for (let i = 1; i < x.length; i++) if (!(x[i]! > x[i - 1]!)) at.fail('has points that do not ascend');
  const last = x.length - 1;
  const inner = x.slice(1, -1);
  let result: Register;
  if (inner.length === 0) {
    result = b.map(
      [register],
      { name: 'subtract', by: [x[0]!] },
      { name: 'divide', by: [x[1]! - x[0]!] },
      { name: 'multiply', by: [y[1]! - y[0]!] },
      { name: 'add', by: [y[0]!] },
    )[0]!;
  } else {
    const piece = b.add({ kind: 'bin', inputs: [register], edges: [inner], side: 'left', missing: 0 })[0]!;
    const rows = x.slice(0, -1).map((from, i) => [from, x[i + 1]! - from, y[i + 1]! - y[i]!, y[i]!]);
    const [from, width, height, start] = b.add({
      kind: 'gather',
      inputs: [piece],
      rows,
      default: Number.NaN,
    });
    const part = b.combine('divide', b.combine('subtract', [register], [from!]), [width!]);
    result = b.combine('add', b.combine('multiply', part, [height!]), [start!])[0]!;
  }
  if (outliers === 'asIs') return result;
  const [below, above] = outliers === 'asExtremeValues' ? [y[0]!, y[last]!] : [Number.NaN, Number.NaN];
  result = b.select(b.compare([register], '<', [x[0]!]), [lowering.constant(below)], [result])[0]!;
  return b.select(b.compare([register], '>', [x[last]!]), [lowering.constant(above)], [result])[0]!;
}
