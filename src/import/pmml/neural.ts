import type { Register } from '../../ir/model.ts';
import type { MapOperation } from '../../ir/vector-steps.ts';
import type { Element } from './element.ts';
import { expressionIn, lowerDerivedField } from './expressions.ts';
import type { ModelContext } from './model-context.ts';
import { applyPieces, scanPieces } from './normalize.ts';
import { shares } from './regression.ts';
import { mostProbable, type Result } from './result.ts';

const ACTIVATIONS = [
  'threshold',
  'logistic',
  'tanh',
  'identity',
  'exponential',
  'reciprocal',
  'square',
  'Gauss',
  'sine',
  'cosine',
  'Elliott',
  'arctan',
  'rectifier',
  'radialBasis',
] as const;
type Activation = (typeof ACTIVATIONS)[number];

/** https://dmg.org/pmml/v4-4-1/NeuralNetwork.html */
export function lowerNeural(model: Element, context: ModelContext): Result {
  model.allow(...context.commonParts, 'NeuralInputs', 'NeuralLayer', 'NeuralOutputs');
  const { lowering, scope } = context;
  const neurons = new Map<string, Register>();
  const add = (element: Element, register: Register): void => {
    const id = element.string('id');
    if (neurons.has(id)) element.fail('has an id that stands for another neuron already');
    neurons.set(id, register);
  };
  for (const input of model.required('NeuralInputs').all('NeuralInput')) {
    const value = lowerDerivedField(input.required('DerivedField'), scope);
    add(input, lowering.register(value, input));
  }
  for (const layer of model.all('NeuralLayer')) {
    const elements = layer.all('Neuron');
    if (elements.length === 0) layer.fail('has no <Neuron>');
    const outputs = lowerLayer(model, layer, elements, neurons, context);
    elements.forEach((element, i) => {
      add(element, outputs[i]!);
    });
  }
  return outputsOf(model, neurons, context);
}

function attribute(name: string, layer: Element, model: Element): Element {
  return layer.has(name) ? layer : model;
}

function lowerLayer(
  model: Element,
  layer: Element,
  elements: readonly Element[],
  neurons: ReadonlyMap<string, Register>,
  context: ModelContext,
): Register[] {
  const { lowering } = context;
  const { b } = lowering;
  const activation = attribute('activationFunction', layer, model).choice('activationFunction', ACTIVATIONS);
  const outputs =
    activation === 'radialBasis'
      ? elements.map((element) => radialBasis(element, layer, model, neurons, context))
      : activate(weightedSums(elements, neurons, context), activation, layer, model, context);
  const method = attribute('normalizationMethod', layer, model).choice(
    'normalizationMethod',
    ['none', 'simplemax', 'softmax'],
    'none',
  );
  if (method === 'softmax') return b.link(outputs, { name: 'softmax' });
  return method === 'simplemax' ? shares(outputs, { lowering, precision: 'float64' }) : outputs;
}

interface Connection {
  readonly from: Register;
  readonly weight: number;
}

function connectionsOf(element: Element, neurons: ReadonlyMap<string, Register>): readonly Connection[] {
  return element.all('Con').map((connection) => {
    const from = neurons.get(connection.string('from'));
    if (from === undefined)
      connection.fail(
        `comes from ${JSON.stringify(connection.string('from').slice(0, 60))}, which is no neuron before it`,
      );
    return { from: from!, weight: connection.number('weight') };
  });
}

/** bias + Σ weight * input; connections that are not there weigh 0. */
function weightedSums(
  elements: readonly Element[],
  neurons: ReadonlyMap<string, Register>,
  { lowering: { b } }: ModelContext,
): Register[] {
  const connections = elements.map((element) => connectionsOf(element, neurons));
  const inputs = [...new Set(connections.flatMap((list) => list.map(({ from }) => from)))];
  const places = new Map(inputs.map((register, k) => [register, k] as const));
  const weights = connections.map((list) => {
    const row = new Array<number>(inputs.length).fill(0);
    for (const { from, weight } of list) row[places.get(from)!]! += weight;
    return row;
  });
  return b.linear(
    inputs,
    weights,
    elements.map((element) => element.number('bias', 0)),
  );
}

function activate(
  sums: Register[],
  activation: Exclude<Activation, 'radialBasis'>,
  layer: Element,
  model: Element,
  { lowering: { b } }: ModelContext,
): Register[] {
  if (activation === 'Elliott') {
    return b.combine('divide', sums, b.map(sums, { name: 'abs' }, { name: 'add', by: [1] }));
  }
  const leakage = attribute('leakage', layer, model).number('leakage', 0);
  if (activation === 'rectifier' && leakage !== 0) {
    return b.select(b.compare(sums, '>', [0]), sums, b.map(sums, { name: 'multiply', by: [leakage] }));
  }
  return b.map(sums, ...operationsOf(activation, layer, model));
}

function operationsOf(
  activation: Exclude<Activation, 'radialBasis' | 'Elliott'>,
  layer: Element,
  model: Element,
): MapOperation[] {
  switch (activation) {
    case 'threshold': {
      const by = [attribute('threshold', layer, model).number('threshold', 0)];
      return [{ name: 'compare', operator: '>', by }];
    }
    case 'logistic':
      return [{ name: 'sigmoid' }];
    case 'tanh':
      return [{ name: 'tanh' }];
    case 'identity':
      return [{ name: 'multiply', by: [1] }];
    case 'exponential':
      return [{ name: 'exp' }];
    case 'reciprocal':
      return [{ name: 'reciprocal' }];
    case 'square':
      return [{ name: 'square' }];
    case 'Gauss':
      return [{ name: 'square' }, { name: 'negate' }, { name: 'exp' }];
    case 'sine':
      return [{ name: 'sin' }];
    case 'cosine':
      return [{ name: 'cos' }];
    case 'arctan':
      return [{ name: 'atan' }, { name: 'multiply', by: [2] }, { name: 'divide', by: [Math.PI] }];
    case 'rectifier':
      return [{ name: 'relu' }];
  }
}

/** exp(f log(altitude) - Σ (input - weight)² / (2 width²)) with f the number of connections. */
function radialBasis(
  element: Element,
  layer: Element,
  model: Element,
  neurons: ReadonlyMap<string, Register>,
  { lowering: { b } }: ModelContext,
): Register {
  const connections = connectionsOf(element, neurons);
  if (connections.length === 0) element.fail('has no <Con>');
  const own = (name: string): Element => (element.has(name) ? element : attribute(name, layer, model));
  const width = own('width').number('width');
  const altitude = own('altitude').number('altitude', 1);
  const point = connections.map(({ weight }) => weight);
  const squares = b.distance(
    connections.map(({ from }) => from),
    'squared-euclidean',
    [point],
  );
  return b.map(
    squares,
    { name: 'divide', by: [2 * width * width] },
    { name: 'negate' },
    { name: 'add', by: [connections.length * Math.log(altitude)] },
    { name: 'exp' },
  )[0]!;
}

function outputsOf(model: Element, neurons: ReadonlyMap<string, Register>, context: ModelContext): Result {
  const outputs = model
    .required('NeuralOutputs')
    .all('NeuralOutput')
    .map((element) => {
      const register = neurons.get(element.string('outputNeuron'));
      if (register === undefined) element.fail('is of no neuron');
      return { element, register: register!, expression: outputExpression(element, model, context) };
    });
  if (context.function === 'classification') {
    const labels = outputs.map(({ element, expression }) =>
      expression.name === 'NormDiscrete'
        ? expression.string('value')
        : element.refuse('is no <NormDiscrete> of a class'),
    );
    if (labels.length < 2) model.refuse('has one output for all classes');
    return mostProbable(
      labels,
      outputs.map(({ register }) => register),
      context.lowering,
    );
  }
  if (outputs.length !== 1) model.refuse(`has ${outputs.length} outputs`, 'Export one model a target.');
  const { element, register, expression } = outputs[0]!;
  if (expression.name === 'FieldRef') return { kind: 'regression', value: register };
  if (expression.name !== 'NormContinuous') element.refuse('is computed back from no <NormContinuous>');
  const { x, y, outliers } = scanPieces(expression);
  const ascends = y[0]! < y.at(-1)!;
  const back = ascends ? { x: y, y: x, outliers } : { x: [...y].reverse(), y: [...x].reverse(), outliers };
  return { kind: 'regression', value: applyPieces(register, back, expression, context.lowering) };
}

/** What made the training target: the inverse of it makes the prediction. */
function outputExpression(output: Element, model: Element, { lowering }: ModelContext): Element {
  const expression = expressionIn(output.required('DerivedField'));
  if (expression.name !== 'FieldRef') return expression;
  const local = model.optional('LocalTransformations')?.all('DerivedField') ?? [];
  const field = [...local, ...lowering.file.derived].find(
    ({ attributes }) => attributes.name === expression.string('field'),
  );
  return field === undefined ? expression : expressionIn(field);
}
