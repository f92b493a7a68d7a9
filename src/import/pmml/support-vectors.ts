import type { Register } from '../../ir/model.ts';
import type { Element } from './element.ts';
import { labelPosition } from './labels.ts';
import type { ModelContext } from './model-context.ts';
import { missingWhere, type Result } from './result.ts';
import { scanNumbers } from './scan.ts';
import { indicator } from './tables.ts';

const KERNELS: ReadonlySet<string> = new Set([
  'LinearKernelType',
  'PolynomialKernelType',
  'RadialBasisKernelType',
  'SigmoidKernelType',
]);

/** The values of all machines of a model for a row. */
interface Machines {
  readonly elements: readonly Element[];
  readonly values: readonly Register[];
}

/** https://dmg.org/pmml/v4-4-1/SupportVectorMachine.html */
export function lowerSupportVectors(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, ...KERNELS, 'VectorDictionary', 'SupportVectorMachine');
  const dictionary = model.required('VectorDictionary');
  const inputs = vectorFields(dictionary.required('VectorFields'), context);
  const elements = model.all('SupportVectorMachine');
  if (elements.length === 0) model.fail('has no <SupportVectorMachine>');
  const representation =
    model.attributes.representation ?? model.attributes.svmRepresentation ?? 'SupportVectors';
  const values =
    representation === 'Coefficients'
      ? linearValues(elements, inputs, context)
      : kernelValues(model, dictionary, elements, inputs, context);
  if (context.function !== 'classification') {
    if (elements.length !== 1) model.fail('has several machines for one number');
    return { kind: 'regression', value: values[0]! };
  }
  return classify(model, { elements, values }, context);
}

function vectorFields(fields: Element, { scope, lowering }: ModelContext): Register[] {
  return fields.children.map((child) => {
    if (child.name === 'FieldRef') {
      return lowering.register(scope.resolve(child.string('field'), child), child);
    }
    if (child.name !== 'CategoricalPredictor') child.refuse('is no field of a vector');
    if (child.number('coefficient', 1) !== 1) child.refuse('has a coefficient');
    return indicator(
      scope.resolve(child.string('name'), child),
      child.string('value'),
      Number.NaN,
      child,
      lowering,
    );
  });
}

interface Coefficients {
  readonly constant: number;
  readonly values: readonly number[];
}

function coefficientsOf(machine: Element): Coefficients {
  const coefficients = machine.required('Coefficients');
  return {
    constant: coefficients.number('absoluteValue', 0),
    values: coefficients.all('Coefficient').map((each) => each.number('value', 0)),
  };
}

function linearValues(
  machines: readonly Element[],
  inputs: readonly Register[],
  { lowering }: ModelContext,
): Register[] {
  const coefficients = machines.map(coefficientsOf);
  machines.forEach((machine, i) => {
    if (coefficients[i]!.values.length !== inputs.length)
      machine.fail('has another number of coefficients than of fields');
  });
  return lowering.b.linear(
    inputs,
    coefficients.map(({ values }) => values),
    coefficients.map(({ constant }) => constant),
  );
}

/** constant + Σ coefficient * kernel(row, support vector). */
function kernelValues(
  model: Element,
  dictionary: Element,
  machines: readonly Element[],
  inputs: readonly Register[],
  context: ModelContext,
): Register[] {
  const places = new Map<string, number>();
  const points: (readonly number[])[] = [];
  for (const instance of dictionary.all('VectorInstance')) {
    const id = instance.string('id');
    const point = scanNumbers(instance.only(ARRAYS, 'array'));
    if (point.length !== inputs.length)
      instance.fail(`has ${point.length} numbers for ${inputs.length} fields`);
    if (places.has(id)) instance.fail('has the id of another vector');
    places.set(id, points.push(point) - 1);
  }
  const { b } = context.lowering;
  const rows = machines.map((machine) => {
    const { constant, values } = coefficientsOf(machine);
    const vectors = machine.optional('SupportVectors')?.all('SupportVector') ?? [];
    if (vectors.length !== values.length)
      machine.fail('has another number of coefficients than of support vectors');
    const weights = new Array<number>(points.length).fill(0);
    vectors.forEach((vector, k) => {
      const place = places.get(vector.string('vectorId'));
      if (place === undefined) vector.fail('is no vector of the dictionary');
      weights[place!]! += values[k]!;
    });
    return { constant, weights };
  });
  const kernels = points.length === 0 ? [] : kernel(model.only(KERNELS, 'kernel'), inputs, points, context);
  return b.linear(
    kernels,
    rows.map(({ weights }) => weights),
    rows.map(({ constant }) => constant),
  );
}

const ARRAYS: ReadonlySet<string> = new Set(['Array', 'REAL-SparseArray', 'INT-SparseArray']);

function kernel(
  element: Element,
  inputs: readonly Register[],
  points: readonly (readonly number[])[],
  { lowering: { b } }: ModelContext,
): Register[] {
  const gamma = element.number('gamma', 1);
  if (element.name === 'RadialBasisKernelType') {
    const squares = b.distance(inputs, 'squared-euclidean', points);
    return b.map(squares, { name: 'multiply', by: [-gamma] }, { name: 'exp' });
  }
  const products = b.distance(inputs, 'dot', points);
  if (element.name === 'LinearKernelType') return products;
  const scaled = b.map(
    products,
    { name: 'multiply', by: [gamma] },
    { name: 'add', by: [element.number('coef0', 1)] },
  );
  return element.name === 'SigmoidKernelType'
    ? b.unary(scaled, 'tanh')
    : b.map(scaled, { name: 'power', by: [element.number('degree', 1)] });
}

function classify(model: Element, machines: Machines, context: ModelContext): Result {
  const { elements } = machines;
  const alternate = model.attributes.alternateBinaryTargetCategory;
  const maxWins = model.boolean('maxWins', false);
  if (alternate !== undefined) return binary(model, machines, alternate, context);
  const method = model.choice(
    'classificationMethod',
    ['OneAgainstAll', 'OneAgainstOne'],
    elements.every((machine) => machine.has('alternateTargetCategory')) ? 'OneAgainstOne' : 'OneAgainstAll',
  );
  const labels = labelsOf(machines, context);
  if (method === 'OneAgainstOne') {
    if (maxWins) model.refuse('has maxWins for pairs of classes');
    return { kind: 'classification', labels, predicted: votes(model, machines, labels, context) };
  }
  const { b } = context.lowering;
  const at = elements.map((machine) => labelPosition(machine, labels, machine.string('targetCategory')));
  const best = b.reduce(maxWins ? 'argmax' : 'argmin', machines.values);
  const predicted = context.lowering.gather(best, at);
  return {
    kind: 'classification',
    labels,
    predicted: missingWhere(predicted, machines.values[0]!, context.lowering),
  };
}

function labelsOf({ elements }: Machines, { labels }: ModelContext): readonly string[] {
  if (labels !== undefined) return labels;
  const named = elements.flatMap(({ attributes }) => [
    attributes.targetCategory,
    attributes.alternateTargetCategory,
  ]);
  return [...new Set(named.filter((label) => label !== undefined))];
}

/** A value that rounds to 0 is the alternate class, to 1 the machine's own, to anything else none. */
function binary(
  model: Element,
  { elements, values }: Machines,
  alternate: string,
  context: ModelContext,
): Result {
  if (elements.length !== 1) model.fail('has several machines beside an alternateBinaryTargetCategory');
  const own = elements[0]!.string('targetCategory');
  const labels = context.labels ?? [alternate, own];
  const { b } = context.lowering;
  const rounded = b.map([values[0]!], { name: 'add', by: [0.5] }, { name: 'floor' });
  const predicted = b.add({
    kind: 'lookup',
    inputs: rounded,
    keys: [0, 1],
    values: [labelPosition(model, labels, alternate), labelPosition(model, labels, own)],
    default: Number.NaN,
  })[0]!;
  return { kind: 'classification', labels, predicted };
}

/** Each pair votes for its first class when its value is less than the threshold; the first of equals wins. */
function votes(
  model: Element,
  { elements, values }: Machines,
  labels: readonly string[],
  { lowering }: ModelContext,
): Register {
  const { b } = lowering;
  const thresholds = elements.map((machine) =>
    (machine.has('threshold') ? machine : model).number('threshold', 0),
  );
  const first = b.compare(values, '<', thresholds);
  const positions = elements.map((machine) => [
    labelPosition(machine, labels, machine.string('targetCategory')),
    labelPosition(machine, labels, machine.string('alternateTargetCategory')),
  ]);
  // The second class's vote is 1 - the first's.
  const weights = labels.map((_, k) =>
    positions.map(([own, other]) => (own === k ? 1 : 0) - (other === k ? 1 : 0)),
  );
  const bias = labels.map((_, k) => positions.filter(([, other]) => other === k).length);
  return missingWhere(b.argmax(b.linear(first, weights, bias)), values[0]!, lowering);
}
