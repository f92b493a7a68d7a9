import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Element } from './element.ts';
import type { Lowering } from './lowering.ts';
import type { NumberValue, TextValue } from './values.ts';

/** One dimension: a field of the row, and what each point holds there (a number, or the code of a text). */
export interface Dimension {
  readonly element: Element;
  readonly value: NumberValue | TextValue;
  readonly points: readonly number[];
  /** How the row compares with each point, where a table says it. */
  readonly compared?: readonly Register[];
}

export interface Measured {
  /** A distance or a similarity to each point; NaN when all fields are missing. */
  readonly scores: readonly Register[];
  readonly nearest: 'argmin' | 'argmax';
}

const DISTANCES: ReadonlySet<string> = new Set([
  'euclidean',
  'squaredEuclidean',
  'chebychev',
  'cityBlock',
  'minkowski',
]);
const SIMILARITIES: ReadonlySet<string> = new Set([
  'simpleMatching',
  'jaccard',
  'tanimoto',
  'binarySimilarity',
]);
const MEASURES: ReadonlySet<string> = new Set([...DISTANCES, ...SIMILARITIES]);

/**
 * By a <ComparisonMeasure>: https://dmg.org/pmml/v4-4-1/ClusteringModel.html. `missingWeights`: one a dimension, by which
 * distances grow for what is missing.
 */
export function measure(
  model: Element,
  dimensions: readonly Dimension[],
  missingWeights: readonly number[] | undefined,
  lowering: Lowering,
): Measured {
  const comparison = model.required('ComparisonMeasure');
  const kind = comparison.only(MEASURES, 'measure');
  if (dimensions.length === 0) model.fail('compares no field');
  if (SIMILARITIES.has(kind.name))
    return { scores: similarities(kind, dimensions, lowering), nearest: 'argmax' };
  const weights = missingWeights ?? dimensions.map(() => 1);
  return { scores: distances(comparison, kind, dimensions, weights, lowering), nearest: 'argmin' };
}

function distances(
  comparison: Element,
  kind: Element,
  dimensions: readonly Dimension[],
  weights: readonly number[],
  lowering: Lowering,
): readonly Register[] {
  const { b } = lowering;
  const power = powerOf(kind);
  const parts = dimensions.map((dimension) => differences(comparison, dimension, power, lowering));
  const combined = parts.reduce((sum, part) =>
    b.combine(kind.name === 'chebychev' ? 'max' : 'add', sum, part),
  );
  const adjusted = adjust(combined, dimensions, weights, lowering);
  switch (kind.name) {
    case 'euclidean':
      return b.unary(adjusted, 'sqrt');
    case 'minkowski':
      return b.map(adjusted, { name: 'power', by: [1 / power] });
    default:
      return adjusted;
  }
}

function powerOf(kind: Element): number {
  switch (kind.name) {
    case 'euclidean':
    case 'squaredEuclidean':
      return 2;
    case 'minkowski': {
      const p = kind.number('p-parameter');
      return p > 0 ? p : kind.fail('needs a p-parameter greater than 0');
    }
    default:
      return 1;
  }
}

/** weight * compare(row, point)^power, one a point; 0 where the field is missing. */
function differences(
  comparison: Element,
  dimension: Dimension,
  power: number,
  lowering: Lowering,
): readonly Register[] {
  const { element, value, points, compared } = dimension;
  const { b } = lowering;
  const operations = compared === undefined ? [...compareOperations(comparison, dimension)] : [];
  if (power !== 1) operations.push(power === 2 ? { name: 'square' } : { name: 'power', by: [power] });
  const weight = element.number('fieldWeight', 1);
  if (weight !== 1) operations.push({ name: 'multiply', by: [weight] });
  const inputs = compared ?? points.map(() => value.register);
  const parts = operations.length === 0 ? inputs : b.map(inputs, ...operations);
  if (value.present) return parts;
  return b.select(b.map([value.register], { name: 'is-nan' }), [lowering.constant(0)], parts);
}

function compareOperations(
  comparison: Element,
  { element, value, points }: Dimension,
): readonly MapOperation[] {
  const compare = comparedBy(element, comparison);
  if (value.kind === 'text' && (compare === 'absDiff' || compare === 'gaussSim')) {
    element.refuse('is a text, which is compared as a number');
  }
  switch (compare) {
    case 'absDiff':
      return [{ name: 'subtract', by: points }, { name: 'abs' }];
    case 'gaussSim': {
      const scale = element.number('similarityScale');
      return [
        { name: 'subtract', by: points },
        { name: 'square' },
        { name: 'multiply', by: [-Math.LN2 / (scale * scale)] },
        { name: 'exp' },
      ];
    }
    case 'delta':
      return [{ name: 'compare', operator: '!=', by: points }];
    case 'equal':
      return [{ name: 'compare', operator: '==', by: points }];
    case 'table':
      return element.refuse('compares by a table');
  }
}

/** How a field is compared: by itself, or as the model says of all. */
export function comparedBy(element: Element, comparison: Element): CompareFunction {
  const at = element.has('compareFunction') ? element : comparison;
  return at.choice('compareFunction', ['absDiff', 'gaussSim', 'delta', 'equal', 'table'], 'absDiff');
}

type CompareFunction = 'absDiff' | 'gaussSim' | 'delta' | 'equal' | 'table';

/** Distances times Σ weights / Σ weights of what is not missing. */
function adjust(
  sums: readonly Register[],
  dimensions: readonly Dimension[],
  weights: readonly number[],
  { b }: Lowering,
): readonly Register[] {
  if (dimensions.every(({ value }) => value.present)) return sums;
  const registers = dimensions.map(({ value }) => value.register);
  const present = b.map(registers, { name: 'is-nan' }, { name: 'compare', operator: '==', by: [0] });
  const total = weights.reduce((x, y) => x + y, 0);
  const factor = b.map(
    b.linear(present, [weights], [0]),
    { name: 'reciprocal' },
    { name: 'multiply', by: [total] },
  );
  // Nothing present: infinite, which is no distance.
  const known = b.map(factor, { name: 'impute', missing: Infinity, by: [Number.NaN] });
  return b.combine('multiply', sums, known);
}

/** Of fields that are 0 or 1: by how many agree. */
function similarities(kind: Element, dimensions: readonly Dimension[], lowering: Lowering): Register[] {
  const { b } = lowering;
  const inputs = dimensions.map(({ element, value }) => lowering.register(value, element));
  const points = dimensions[0]!.points.map((_, i) => dimensions.map(({ points }) => points[i]!));
  const count = (own: number, other: number): Register[] =>
    // own: the row's flag, other: the point's.
    b.linear(
      inputs,
      points.map((point) => point.map((flag) => (flag === other ? (own === 1 ? 1 : -1) : 0))),
      points.map((point) => (own === 1 ? 0 : point.filter((flag) => flag === other).length)),
    );
  const [a11, a10, a01, a00] = [count(1, 1), count(1, 0), count(0, 1), count(0, 0)];
  const weighted = (weights: readonly number[]): Register[] =>
    points.map((_, i) => b.linear([a11[i]!, a10[i]!, a01[i]!, a00[i]!], [weights], [0])[0]!);
  const [above, below] = similarityWeights(kind);
  return b.combine('divide', weighted(above), weighted(below));
}

/** Weights of a11, a10, a01 and a00, above and below the line. */
function similarityWeights(kind: Element): readonly [readonly number[], readonly number[]] {
  switch (kind.name) {
    case 'simpleMatching':
      return [
        [1, 0, 0, 1],
        [1, 1, 1, 1],
      ];
    case 'jaccard':
      return [
        [1, 0, 0, 0],
        [1, 1, 1, 0],
      ];
    case 'tanimoto':
      return [
        [1, 0, 0, 1],
        [1, 2, 2, 1],
      ];
    default: {
      const at = (letter: string): number[] =>
        ['11', '10', '01', '00'].map((pair) => kind.number(`${letter}${pair}-parameter`));
      return [at('c'), at('d')];
    }
  }
}
