import type { Precision, Register } from '../ir/model.ts';
import type {
  BinStep,
  CombineStep,
  DistanceStep,
  FindHashStep,
  GatherStep,
  InterpolateStep,
  LookupStep,
  Metric,
  NearestStep,
  PairwiseStep,
  ReduceStep,
  Reduction,
  SelectStep,
  VectorStep,
  WeighStep,
} from '../ir/vector-steps.ts';
import { mapSource } from './map-source.ts';
import { binaryExpression, roundConstant } from './operation-source.ts';
import { numberSource, type SourceContext, type StepSource } from './source-context.ts';
import { lookedThrough } from './sparse-source.ts';

/** The code of a step whose registers start at `first`. */
export function vectorStepSource(step: VectorStep, first: Register, context: SourceContext): StepSource {
  switch (step.kind) {
    case 'map':
      return mapSource(step, first, context);
    case 'combine':
      return combineSource(step, first, context);
    case 'select':
      return selectSource(step, first, context);
    case 'reduce':
      return reduceSource(step, first, context);
    case 'bin':
      return binSource(step, first, context);
    case 'interpolate':
      return interpolateSource(step, first, context);
    case 'lookup':
      return lookupSource(step, first, context);
    case 'distance':
      return distanceSource(step, first, context);
    case 'nearest':
      return nearestSource(step, first, context);
    case 'gather':
      return gatherSource(step, first, context);
    case 'pairwise':
      return pairwiseSource(step, first, context);
    case 'weigh':
      return weighSource(step, first, context);
    case 'find-hash':
      return findHashSource(step, first, context);
  }
}

/** Lists of registers of one length, or of length 1, and an expression of one of each. */
function elementwise(
  lists: Readonly<Record<string, readonly Register[]>>,
  expression: (...elements: string[]) => string,
  precision: Precision,
  first: Register,
  context: SourceContext,
): StepSource {
  const entries = Object.entries(lists);
  const width = Math.max(...entries.map(([, list]) => list.length));
  if (width === 1) {
    const elements = entries.map(([, list]) => context.rounded(context.read(list[0]!), precision));
    return { setup: [], run: [context.write(first, expression(...elements))] };
  }
  const loads = entries.map(([name, list]) => context.load(name + first, list, precision));
  const elements = entries.map(([name, list]) => `${name}${first}[${list.length === 1 ? 0 : 'k'}]`);
  const loop = `for(let k=0;k<${width};k++)${context.vector(first)}[k]=${expression(...elements)};`;
  return {
    setup: [...loads.flatMap(({ setup }) => setup), context.declareVector(first, width)],
    run: [...loads.flatMap(({ run }) => run), loop],
  };
}

function combineSource(step: CombineStep, first: Register, context: SourceContext): StepSource {
  const expression = (a: string, b: string) =>
    binaryExpression(step.operation, a, b, step.precision, context);
  return elementwise({ x: step.left, y: step.right }, expression, step.precision, first, context);
}

function selectSource(step: SelectStep, first: Register, context: SourceContext): StepSource {
  const lists = { x: step.condition, y: step.whenTrue, z: step.whenFalse };
  return elementwise(lists, (x, y, z) => `${x}!==0?${y}:${z}`, 'float64', first, context);
}

const REDUCTIONS: Readonly<Record<Reduction, readonly [module: string, kernel: string]>> = {
  sum: ['reductions', 'sum'],
  mean: ['reductions', 'mean'],
  product: ['reductions', 'product'],
  min: ['reductions', 'least'],
  max: ['reductions', 'greatest'],
  l1: ['reductions', 'l1'],
  l2: ['reductions', 'l2'],
  'sum-of-squares': ['reductions', 'sumOfSquares'],
  'log-sum-exp': ['reductions', 'logSumExp'],
  argmin: ['reductions', 'argmin'],
  argmax: ['links', 'argmax'],
};

function reduceSource(step: ReduceStep, first: Register, context: SourceContext): StepSource {
  const x = context.load(`x${first}`, step.inputs, step.precision);
  const kernel = context.kernel(...REDUCTIONS[step.operation]);
  const expression = `${kernel}(x${first},${context.rounding(step.precision)})`;
  return { setup: x.setup, run: [...x.run, context.write(first, expression)] };
}

/** A step that loads its inputs as x and calls a kernel that writes its registers. */
function kernelSource(
  { inputs, width, precision = 'float64' }: KernelShape,
  setup: readonly string[],
  call: (x: string, out: string) => string,
  first: Register,
  context: SourceContext,
): StepSource {
  const x = context.load(`x${first}`, inputs, precision);
  return {
    setup: [...x.setup, ...setup, context.declareVector(first, width)],
    run: [...x.run, `${call(`x${first}`, context.vector(first))};`, ...context.alone(first, width)],
  };
}

interface KernelShape {
  readonly inputs: readonly Register[];
  readonly width: number;
  /** What inputs are rounded to. */
  readonly precision?: Precision;
}

/** Where each list starts when they stand one after the other, and where the last one ends. */
function startsOf(lists: readonly (readonly number[])[]): number[] {
  let next = 0;
  return [0, ...lists.map(({ length }) => (next += length))];
}

function binSource(step: BinStep, first: Register, context: SourceContext): StepSource {
  const { inputs, edges, side, missing } = step;
  const setup = [
    context.constants(`starts${first}`, startsOf(edges)),
    context.constants(`edges${first}`, edges.flat()),
  ];
  const bin = context.kernel('tables', 'bin');
  const rest = `starts${first},edges${first},${side === 'right'},${numberSource(missing)}`;
  const shape = { inputs, width: inputs.length };
  return kernelSource(shape, setup, (x, out) => `${bin}(${x},${rest},${out})`, first, context);
}

function interpolateSource(step: InterpolateStep, first: Register, context: SourceContext): StepSource {
  const { inputs, precision } = step;
  const flat = (lists: readonly (readonly number[])[]) => roundAll(lists.flat(), precision);
  const setup = [
    context.constants(`starts${first}`, startsOf(step.x)),
    context.constants(`px${first}`, flat(step.x)),
    context.constants(`py${first}`, flat(step.y)),
  ];
  const interpolate = context.kernel('tables', 'interpolate');
  const rest = `starts${first},px${first},py${first},${context.rounding(precision)}`;
  const shape = { inputs, width: inputs.length, precision };
  return kernelSource(shape, setup, (x, out) => `${interpolate}(${x},${rest},${out})`, first, context);
}

function roundAll(values: readonly number[], precision: Precision): readonly number[] {
  return values.map((value) => roundConstant(value, precision));
}

function lookupSource(step: LookupStep, first: Register, context: SourceContext): StepSource {
  const create = context.kernel('tables', 'createLookup');
  const table = `${context.constant(step.keys)},${context.constant(step.values)},${numberSource(step.default)}`;
  const source = elementwise({ x: step.inputs }, (x) => `lookup${first}(${x})`, 'float64', first, context);
  return { setup: [`const lookup${first}=${create}(${table});`, ...source.setup], run: source.run };
}

const METRICS: Readonly<Record<Metric, string>> = {
  'squared-euclidean': 'squaredEuclidean',
  euclidean: 'euclidean',
  manhattan: 'manhattan',
  chebyshev: 'chebyshev',
  cosine: 'cosine',
  dot: 'dot',
};

function distanceSource(step: DistanceStep, first: Register, context: SourceContext): StepSource {
  const { inputs, points, precision } = step;
  const setup = [context.constants(`points${first}`, roundAll(points.flat(), precision))];
  const kernel = context.kernel('distance', METRICS[step.metric]);
  const rest = `points${first},${context.rounding(precision)}`;
  const shape = { inputs, width: points.length, precision };
  return kernelSource(shape, setup, (x, out) => `${kernel}(${x},${rest},${out})`, first, context);
}

function nearestSource({ inputs, k }: NearestStep, first: Register, context: SourceContext): StepSource {
  const nearest = context.kernel('nearest', 'nearest');
  return kernelSource({ inputs, width: 2 * k }, [], (x, out) => `${nearest}(${x},${out})`, first, context);
}

function gatherSource(step: GatherStep, first: Register, context: SourceContext): StepSource {
  const { inputs, rows } = step;
  const length = rows[0]!.length;
  const setup = [context.constants(`rows${first}`, rows.flat())];
  const gather = context.kernel('tables', 'gatherRows');
  const rest = `rows${first},${length},${numberSource(step.default)}`;
  const shape = { inputs, width: inputs.length * length };
  return kernelSource(shape, setup, (x, out) => `${gather}(${x},${rest},${out})`, first, context);
}

function pairwiseSource(step: PairwiseStep, first: Register, context: SourceContext): StepSource {
  const kernel = context.kernel('pairwise', step.method === 'votes' ? 'countVotes' : 'couple');
  const shape = { inputs: step.inputs, width: step.classes };
  return kernelSource(shape, [], (x, out) => `${kernel}(${x},${out})`, first, context);
}

function findHashSource({ inputs, keys }: FindHashStep, first: Register, context: SourceContext): StepSource {
  const x = context.load(`x${first}`, inputs, 'float64');
  const half = (start: number) => keys.map((key) => Number.parseInt(key.slice(start, start + 8), 16) | 0);
  const create = context.kernel('find-hash', 'createHashFinder');
  return {
    setup: [
      ...x.setup,
      `const find${first}=${create}(${context.constant(half(0))},${context.constant(half(8))});`,
    ],
    run: [...x.run, context.write(first, `find${first}(x${first})`)],
  };
}

/** Over a row whose zeros are known, or over an array in which they are looked for. */
function weighSource(step: WeighStep, first: Register, context: SourceContext): StepSource {
  const { inputs, sublinear, factors, norm, precision } = step;
  const known = context.wholeSparse(inputs);
  const row = known ?? `row${first}`;
  const x = known === undefined ? lookedThrough(row, inputs, context) : { setup: [], run: [] };
  const constants = factors === undefined ? 'undefined' : context.constant(roundAll(factors, precision));
  const rest = `${row},${constants},${context.sparse(first)},${context.rounding(precision)}`;
  const create = context.kernel('weigh', 'createWeigher');
  return {
    setup: [
      ...x.setup,
      context.declareVector(first, inputs.length),
      context.declareSparse(first),
      `const weigh${first}=${create}(${JSON.stringify({ sublinear, norm })},${rest});`,
    ],
    run: [...x.run, `weigh${first}();`, ...context.alone(first, inputs.length)],
  };
}
