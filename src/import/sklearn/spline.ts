import type { Register } from '../../ir/model.ts';
import { NdArray } from '../pickle/index.ts';
import type { Column } from './columns.ts';
import { type Estimator, rowsOf } from './estimator.ts';
import type { Lowering } from './lowering.ts';

type Polynomial = readonly number[];

/**
 * SplineTransformer: the values of B-splines, as a polynomial an interval between knots.
 * https://github.com/scikit-learn/scikit-learn/blob/1.9.1/sklearn/preprocessing/_polynomial.py
 */
export function splineTransformer(
  estimator: Estimator,
  columns: readonly Column[],
  lowering: Lowering,
): readonly Column[] {
  const zeros = estimator.text('handle_missing', 'error') === 'zeros';
  const inputs = lowering.inputs(columns, estimator, zeros ? 'unchecked' : 'refused');
  const splines = estimator.children('bsplines_', 'spline');
  if (splines.length !== inputs.length) estimator.fail(`has splines of ${splines.length} columns`);
  if (
    inputs.length > 1 &&
    estimator.number('degree', 3) <= 1 &&
    estimator.get('extrapolation') === 'linear'
  ) {
    // A degree that is raised for the first column stays raised for those after it.
    return estimator.refuse(
      'extends lines of all columns but the first from other knots than their ends',
      'Fit it with a degree of 2 or more, or a column at a time.',
    );
  }
  const registers = splines.flatMap((spline, k) => {
    const values = splineValues(spline, inputs[k]!, estimator, lowering);
    return estimator.flag('include_bias', true) ? values : values.slice(0, -1);
  });
  const result = zeros ? lowering.builder.map(registers, MISSING_TO_ZERO) : registers;
  return lowering.columns(result, true);
}

const MISSING_TO_ZERO = { name: 'impute', missing: Number.NaN, by: [0] } as const;

/** A basis between its first and its last base knot: for each interval, each spline's polynomial in x - left knot. */
interface Basis {
  /** The knots from the first to the last one between which the basis is whole. */
  readonly knots: readonly number[];
  /** [interval][spline], lowest power first. */
  readonly polynomials: readonly (readonly Polynomial[])[];
  readonly degree: number;
}

function splineValues(
  spline: Estimator,
  input: Register,
  estimator: Estimator,
  lowering: Lowering,
): readonly Register[] {
  const b = lowering.builder;
  const basis = basisOf(spline, estimator);
  const [low, high] = [basis.knots[0]!, basis.knots.at(-1)!];
  switch (estimator.text('extrapolation', 'constant')) {
    case 'continue':
      return valuesAt(input, basis, lowering);
    case 'error': {
      const [above] = b.compare([input], '>=', [low]);
      const within = b.combine('and', [above!], b.compare([input], '<=', [high]));
      lowering.guards.add(b.select(within, [within[0]!], [b.nothing()])[0]!);
      return valuesAt(input, basis, lowering);
    }
    case 'periodic': {
      const [x] = b.map(
        [input],
        { name: 'subtract', by: [low] },
        { name: 'modulo', by: [high - low] },
        { name: 'add', by: [low] },
      );
      return valuesAt(x!, basis, lowering);
    }
    case 'constant':
      return valuesAt(clipped(input, low, high, lowering), basis, lowering);
    case 'linear':
      return linearlyExtended(input, basis, lowering);
    default:
      return estimator.refuse('extrapolates in a way that pgscore does not know');
  }
}

function clipped(input: Register, low: number, high: number, { builder }: Lowering): Register {
  return builder.map([input], { name: 'max', by: [low] }, { name: 'min', by: [high] })[0]!;
}

/** Beyond the ends, along the splines' slopes there. */
function linearlyExtended(input: Register, basis: Basis, lowering: Lowering): readonly Register[] {
  const b = lowering.builder;
  const [low, high] = [basis.knots[0]!, basis.knots.at(-1)!];
  const values = valuesAt(clipped(input, low, high, lowering), basis, lowering);
  const [below] = b.map([input], { name: 'subtract', by: [low] }, { name: 'min', by: [0] });
  const [above] = b.map([input], { name: 'subtract', by: [high] }, { name: 'max', by: [0] });
  const first = basis.polynomials[0]!.map((polynomial) => slopeAt(polynomial, 0));
  const width = high - basis.knots.at(-2)!;
  const last = basis.polynomials.at(-1)!.map((polynomial) => slopeAt(polynomial, width));
  const slopes = b.linear(
    [below!, above!],
    first.map((slope, q) => [slope, last[q]!]),
    first.map(() => 0),
  );
  return b.combine('add', values, slopes);
}

/** Each spline's value: the interval's polynomials by Horner's scheme, highest power first. */
function valuesAt(input: Register, basis: Basis, lowering: Lowering): readonly Register[] {
  const b = lowering.builder;
  const { knots, polynomials, degree } = basis;
  const count = polynomials[0]!.length;
  b.charge(polynomials.length * count * (degree + 1));
  const bin = b.add({
    kind: 'bin',
    inputs: [input],
    edges: [knots.slice(1, -1)],
    side: 'right',
    missing: Number.NaN,
  });
  const found = b.add({
    kind: 'gather',
    inputs: bin,
    rows: polynomials.map((row, i) => [
      knots[i]!,
      ...Array.from({ length: degree + 1 }, (_, power) => row.map((polynomial) => polynomial[power]!)).flat(),
    ]),
    default: Number.NaN,
  });
  const [x] = b.combine('subtract', [input], [found[0]!]);
  const ofPower = (power: number): readonly Register[] =>
    found.slice(1 + power * count, 1 + (power + 1) * count);
  let sum = ofPower(degree);
  for (let power = degree - 1; power >= 0; power--) {
    sum = b.combine('add', b.combine('multiply', sum, [x!]), ofPower(power));
  }
  return sum;
}

/** scipy's BSpline: knots t, one row of coefficients a basis function, degree k. */
function basisOf(spline: Estimator, estimator: Estimator): Basis {
  const degree = spline.count('k');
  if (degree > 20) return estimator.refuse('has a degree of more than 20');
  // scipy 1.15 put an underscore before the names.
  const at = (name: string): string => (spline.has(`_${name}`) ? `_${name}` : name);
  const t = spline.numbers(at('t'));
  const c = spline.get(at('c'));
  const coefficients = c instanceof NdArray ? rowsOf(c, spline, 'c') : spline.fail('has no coefficients');
  if (t.length !== coefficients.length + degree + 1)
    spline.fail('has knots that do not fit its coefficients');
  // Repeated knots enclose nothing: the last of equal ones counts, and at the end the first.
  const ends = { first: degree, last: t.length - degree - 1 };
  const starts = Array.from({ length: ends.last - ends.first }, (_, i) => ends.first + i).filter(
    (i) => t[i]! < t[i + 1]!,
  );
  if (starts.length === 0) return estimator.refuse('has a column whose knots are all the same');
  // There scipy evaluates an interval of no length.
  const extrapolation = estimator.text('extrapolation', 'constant');
  const atEnd = starts.at(-1) !== ends.last - 1 && extrapolation !== 'periodic';
  if (atEnd || (starts[0] !== ends.first && extrapolation === 'continue')) {
    return estimator.refuse(
      'has a column whose first or last knots are the same',
      'Choose knots of your own.',
    );
  }
  return {
    degree,
    knots: [...starts.map((i) => t[i]!), t[ends.last]!],
    polynomials: starts.map((interval) => polynomialsOn(interval, t, degree, coefficients)),
  };
}

/** Each output's polynomial in u = x - t[interval], by the recursion of Cox and de Boor. */
function polynomialsOn(
  interval: number,
  t: readonly number[],
  degree: number,
  coefficients: readonly (readonly number[])[],
): readonly Polynomial[] {
  const origin = t[interval]!;
  // Of degree d, basis functions interval - d … interval are not zero here.
  let basis: readonly Polynomial[] = [[1]];
  for (let d = 1; d <= degree; d++) {
    const lower = basis;
    const at = (i: number): Polynomial => lower[i - (interval - d + 1)] ?? [];
    basis = Array.from({ length: d + 1 }, (_, m) => {
      const i = interval - d + m;
      return added(
        timesLine(at(i), (origin - t[i]!) / (t[i + d]! - t[i]!), 1 / (t[i + d]! - t[i]!)),
        timesLine(
          at(i + 1),
          (t[i + d + 1]! - origin) / (t[i + d + 1]! - t[i + 1]!),
          -1 / (t[i + d + 1]! - t[i + 1]!),
        ),
        d,
      );
    });
  }
  const outputs = coefficients[0]!.length;
  return Array.from({ length: outputs }, (_, q) =>
    Array.from({ length: degree + 1 }, (_, power) =>
      basis.reduce((sum, each, m) => sum + coefficients[interval - degree + m]![q]! * each[power]!, 0),
    ),
  );
}

/** polynomial * (constant + slope * u); nothing stays nothing, however the line is. */
function timesLine(polynomial: Polynomial, constant: number, slope: number): Polynomial {
  if (polynomial.length === 0) return [];
  return Array.from(
    { length: polynomial.length + 1 },
    (_, power) => constant * (polynomial[power] ?? 0) + slope * (polynomial[power - 1] ?? 0),
  );
}

function added(a: Polynomial, b: Polynomial, degree: number): Polynomial {
  return Array.from({ length: degree + 1 }, (_, power) => (a[power] ?? 0) + (b[power] ?? 0));
}

function slopeAt(polynomial: Polynomial, u: number): number {
  return polynomial.reduce((sum, c, power) => (power === 0 ? sum : sum + c * power * u ** (power - 1)), 0);
}
