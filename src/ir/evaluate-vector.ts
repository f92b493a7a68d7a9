import { binary, compare, unary } from './evaluate-scalar.ts';
import type { Precision } from './model.ts';
import { round } from './rounding.ts';
import type {
  BinStep,
  CombineStep,
  DistanceStep,
  FindHashStep,
  GatherStep,
  InterpolateStep,
  LookupStep,
  MapOperation,
  MapStep,
  NearestStep,
  PairwiseStep,
  ReduceStep,
  VectorStep,
  WeighStep,
} from './vector-steps.ts';

type Numbers = readonly number[];

/** What a step writes to its registers. */
export function runVectorStep(step: VectorStep, registers: Numbers): Numbers {
  const read = (list: readonly number[]) => list.map((register) => registers[register]!);
  switch (step.kind) {
    case 'map':
      return map(step, read(step.inputs));
    case 'combine':
      return combine(step, read(step.left), read(step.right));
    case 'select':
      return select(read(step.condition), read(step.whenTrue), read(step.whenFalse));
    case 'reduce':
      return [reduce(step, read(step.inputs))];
    case 'bin':
      return read(step.inputs).map((x, k) => bin(step, x, step.edges[k]!));
    case 'interpolate':
      return read(step.inputs).map((x, k) => interpolate(step, x, step.x[k]!, step.y[k]!));
    case 'lookup':
      return read(step.inputs).map((x) => lookup(step, x));
    case 'distance':
      return step.points.map((point) => distance(step, read(step.inputs), point));
    case 'nearest':
      return nearest(step, read(step.inputs));
    case 'gather':
      return read(step.inputs).flatMap((index) => gather(step, index));
    case 'pairwise':
      return pairwise(step, read(step.inputs));
    case 'weigh':
      return weigh(step, read(step.inputs));
    case 'find-hash':
      return [findHash(step, read(step.inputs))];
  }
}

/** A list of length 1 counts for every k. */
function at(list: Numbers, k: number): number {
  return list.length === 1 ? list[0]! : list[k]!;
}

function map({ operations, precision }: MapStep, inputs: Numbers): Numbers {
  return inputs.map((input, k) => {
    let x = round(input, precision);
    for (const operation of operations) x = round(apply(operation, x, k, precision), precision);
    return x;
  });
}

function apply(operation: MapOperation, x: number, k: number, precision: Precision): number {
  switch (operation.name) {
    case 'impute': {
      const missing = round(operation.missing, precision);
      return isSame(x, missing) ? at(operation.by, k) : x;
    }
    case 'compare':
      return compare(operation.operator, x, round(at(operation.by, k), precision)) ? 1 : 0;
    case 'is-nan':
      return Number.isNaN(x) ? 1 : 0;
    case 'add':
    case 'subtract':
    case 'multiply':
    case 'divide':
    case 'power':
    case 'min':
    case 'max':
    case 'modulo':
    case 'remainder':
      return binary(operation.name, x, round(at(operation.by, k), precision));
    default:
      return unary(operation.name, x);
  }
}

function isSame(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function combine({ operation, precision }: CombineStep, left: Numbers, right: Numbers): Numbers {
  const longer = left.length > right.length ? left : right;
  return longer.map((_, k) =>
    round(binary(operation, round(at(left, k), precision), round(at(right, k), precision)), precision),
  );
}

function select(condition: Numbers, whenTrue: Numbers, whenFalse: Numbers): Numbers {
  const width = Math.max(condition.length, whenTrue.length, whenFalse.length);
  return Array.from({ length: width }, (_, k) => at(at(condition, k) !== 0 ? whenTrue : whenFalse, k));
}

function reduce({ operation, precision }: ReduceStep, inputs: Numbers): number {
  const r = (value: number) => round(value, precision);
  const x = inputs.map(r);
  const sum = (values: Numbers) => values.reduce((a, b) => r(a + b));
  const squares = x.map((value) => r(value * value));
  switch (operation) {
    case 'sum':
      return sum(x);
    case 'mean':
      return r(sum(x) / x.length);
    case 'product':
      return x.reduce((a, b) => r(a * b));
    case 'min':
      return x.reduce((a, b) => Math.min(a, b));
    case 'max':
      return x.reduce((a, b) => Math.max(a, b));
    case 'l1':
      return sum(x.map(Math.abs));
    case 'l2':
      return r(Math.sqrt(sum(squares)));
    case 'sum-of-squares':
      return sum(squares);
    case 'log-sum-exp': {
      const greatest = x.reduce((a, b) => Math.max(a, b));
      const shift = Number.isFinite(greatest) ? greatest : 0;
      return r(shift + r(Math.log(sum(x.map((value) => r(Math.exp(r(value - shift))))))));
    }
    case 'argmin':
      return firstBest(x, (value, best) => value < best);
    case 'argmax':
      return firstBest(x, (value, best) => value > best);
  }
}

function firstBest(x: Numbers, isBetter: (value: number, best: number) => boolean): number {
  let best = 0;
  x.forEach((value, i) => {
    if (isBetter(value, x[best]!)) best = i;
  });
  return best;
}

function bin({ side, missing }: BinStep, x: number, edges: Numbers): number {
  if (Number.isNaN(x)) return missing;
  return edges.filter((edge) => (side === 'left' ? edge < x : edge <= x)).length;
}

function interpolate({ precision }: InterpolateStep, input: number, xs: Numbers, ys: Numbers): number {
  const r = (value: number) => round(value, precision);
  const [v, x, y] = [r(input), xs.map(r), ys.map(r)];
  if (Number.isNaN(v)) return v;
  const i = x.filter((each) => each <= v).length - 1;
  if (i === -1) return y[0]!;
  if (i === x.length - 1 || x[i] === v) return y[i]!;
  const slope = r(r(y[i + 1]! - y[i]!) / r(x[i + 1]! - x[i]!));
  return r(r(slope * r(v - x[i]!)) + y[i]!);
}

function lookup(step: LookupStep, x: number): number {
  const position = step.keys.findIndex((key) => isSame(key, x));
  return position === -1 ? step.default : step.values[position]!;
}

function distance({ metric, precision }: DistanceStep, inputs: Numbers, constants: Numbers): number {
  const r = (value: number) => round(value, precision);
  const sum = (values: Numbers) => values.reduce((a, b) => r(a + b), 0);
  const [x, p] = [inputs.map(r), constants.map(r)];
  const differences = x.map((value, k) => r(value - p[k]!));
  const squared = () => sum(differences.map((d) => r(d * d)));
  const dot = (a: Numbers, b: Numbers) => sum(a.map((value, k) => r(value * b[k]!)));
  switch (metric) {
    case 'squared-euclidean':
      return squared();
    case 'euclidean':
      return r(Math.sqrt(squared()));
    case 'manhattan':
      return sum(differences.map(Math.abs));
    case 'chebyshev':
      return differences.map(Math.abs).reduce((a, b) => Math.max(a, b));
    case 'dot':
      return dot(x, p);
    case 'cosine': {
      const norm = (values: Numbers) => r(Math.sqrt(dot(values, values)));
      const norms = r(norm(x) * norm(p));
      return norms === 0 ? 1 : r(1 - r(dot(x, p) / norms));
    }
  }
}

function nearest({ k }: NearestStep, inputs: Numbers): Numbers {
  const last = (value: number) => (Number.isNaN(value) ? 1 : 0);
  const order = inputs.map((_, i) => i);
  order.sort((i, j) => {
    const [a, b] = [inputs[i]!, inputs[j]!];
    if (a < b) return -1;
    if (a > b) return 1;
    return last(a) - last(b) || i - j;
  });
  const first = order.slice(0, k);
  return [...first, ...first.map((i) => inputs[i]!)];
}

function gather(step: GatherStep, index: number): Numbers {
  return step.rows[index] ?? step.rows[0]!.map(() => step.default);
}

const FACTOR = 0x4906ba494954cb65n;

function findHash({ keys }: FindHashStep, inputs: Numbers): number {
  if (!inputs.every(Number.isInteger)) return keys.length;
  const hash = inputs.reduce(
    (sum, x) => BigInt.asUintN(64, FACTOR * (sum + FACTOR * BigInt.asIntN(32, BigInt(x)))),
    0n,
  );
  const position = keys.indexOf(hash.toString(16).padStart(16, '0'));
  return position === -1 ? keys.length : position;
}

function weigh({ sublinear, factors, norm, precision }: WeighStep, inputs: Numbers): Numbers {
  const r = (value: number) => round(value, precision);
  const x = inputs.map(r);
  const weights = x.map((value, k) => {
    if (value === 0) return 0;
    return r((sublinear ? r(r(Math.log(value)) + 1) : value) * r(factors?.[k] ?? 1));
  });
  const sum = (values: Numbers) => values.reduce((a, b) => r(a + b), 0);
  const squares = weights.map((weight) => r(weight * weight));
  if (norm === 'l2-roots') {
    const all = sum(squares);
    const roots = squares.map((square) => r(Math.sqrt(r(square / all))));
    return all === 0 ? weights : weights.map((w, k) => (x[k] === 0 ? 0 : w < 0 ? -roots[k]! : roots[k]!));
  }
  const norms = {
    none: () => 1,
    l1: () => sum(weights.map(Math.abs)),
    l2: () => r(Math.sqrt(sum(squares))),
    max: () => weights.map(Math.abs).reduce((a, b) => Math.max(a, b), 0),
  };
  const divisor = norms[norm]();
  return divisor === 0 ? weights : weights.map((weight, k) => (x[k] === 0 ? 0 : r(weight / divisor)));
}

function pairwise({ method, classes }: PairwiseStep, inputs: Numbers): Numbers {
  let next = 0;
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      const value = inputs[next++]!;
      const won = value > 0 ? 1 : 0;
      matrix[i]![j] = method === 'votes' ? won : value;
      matrix[j]![i] = method === 'votes' ? 1 - won : 1 - value;
    }
  }
  return method === 'votes' ? matrix.map((row) => row.reduce((a, b) => a + b)) : couple(matrix);
}

/**
 * Coordinate descent on p'Qp with Σp = 1, where Q[t][t] = Σ r[j][t]² and Q[t][j] = -r[j][t] r[t][j]; everything is
 * recomputed from p after each change of it.
 */
function couple(r: readonly Numbers[]): Numbers {
  const classes = r.length;
  const q = r.map((row, t) =>
    row.map((_, j) =>
      j === t ? row.map((_, i) => r[i]![t]! ** 2).reduce((a, b) => a + b) : -r[j]![t]! * r[t]![j]!,
    ),
  );
  const timesQ = (p: Numbers) => q.map((row) => row.reduce((sum, value, j) => sum + value * p[j]!, 0));
  const dot = (a: Numbers, b: Numbers) => a.reduce((sum, value, j) => sum + value * b[j]!, 0);
  let p: Numbers = r.map(() => 1 / classes);
  for (let rounds = 0; rounds < Math.max(100, classes); rounds++) {
    const qp = timesQ(p);
    const errors = qp.map((value) => Math.abs(value - dot(p, qp)));
    const error = errors.reduce((greatest, each) => (each > greatest ? each : greatest), 0);
    if (error < 0.005 / classes) break;
    for (let t = 0; t < classes; t++) {
      const now = timesQ(p);
      const change = (dot(p, now) - now[t]!) / q[t]![t]!;
      p = p.map((value, j) => (value + (j === t ? change : 0)) / (1 + change));
    }
  }
  return p;
}
