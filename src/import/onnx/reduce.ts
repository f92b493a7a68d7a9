import type { Reduction } from '../../ir/model.ts';
import { axesOf } from './arrange.ts';
import type { DataType } from './file.ts';
import { NodeError, UnsupportedNode } from './node-error.ts';
import { type Call, intsAt, type Operator, optionalAt, precisionOf, tensorAt } from './operator.ts';
import { axisOf, broadcastShape, broadcastTo, groupsOver, linesAlong } from './shapes.ts';
import { type Element, isConstant, isFloat, sizeOf, type Tensor, tensor } from './value.ts';

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ReduceSum: 'sum',
  ReduceMean: 'mean',
  ReduceProd: 'product',
  ReduceMin: 'min',
  ReduceMax: 'max',
  ReduceL1: 'l1',
  ReduceL2: 'l2',
  ReduceSumSquare: 'sum-of-squares',
  ReduceLogSumExp: 'log-sum-exp',
};

/** Operators over the elements along axes. */
export const reductions: Readonly<Record<string, Operator>> = {
  ...Object.fromEntries(
    Object.entries(REDUCTIONS).map(([name, operation]) => [
      name,
      (call: Call) => [reduceAxes(call, operation)],
    ]),
  ),
  ReduceLogSum: (call) => {
    const sum = reduceAxes(call, 'sum');
    return [{ ...sum, elements: call.program.map(sum.elements, precisionOf(sum.type), [{ name: 'log' }]) }];
  },
  ArgMax: (call) => [argument(call, 'argmax')],
  ArgMin: (call) => [argument(call, 'argmin')],
  Softmax: (call) => [softmax(call, false)],
  LogSoftmax: (call) => [softmax(call, true)],
  TopK: topK,
  CumSum: cumulativeSum,
  LpNormalization: lpNormalization,
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
};

function reduceAxes(call: Call, operation: Reduction): Tensor {
  const x = tensorAt(call, 0);
  const given = axesOf(call, 1) ?? [];
  const none = given.length === 0 && call.attributes.flag('noop_with_empty_axes', false);
  // onnxruntime reduces each element by itself then, which for some operations changes it.
  const axes =
    given.length > 0 || none ? given.map((axis) => axisOf(axis, x.shape.length)) : x.shape.map((_, k) => k);
  const { groups, rest } = groupsOver(x.shape, axes);
  const elements = groups.map((group) => {
    if (group.length === 0) throw new UnsupportedNode('it reduces no elements');
    return reduceGroup(
      call,
      x.type,
      operation,
      group.map((k) => x.elements[k]!),
    );
  });
  const keep = call.attributes.flag('keepdims', true);
  return tensor(x.type, keep ? rest : x.shape.filter((_, axis) => !axes.includes(axis)), elements);
}

/** The mean of whole numbers is cut to a whole number. */
function reduceGroup(
  { program }: Call,
  type: DataType,
  operation: Reduction,
  group: readonly Element[],
): Element {
  if (operation !== 'mean' || isFloat(type)) return program.reduce(operation, group, precisionOf(type));
  const sum = program.reduce('sum', group, 'float64');
  return program.map([sum], 'float64', [{ name: 'divide', by: [group.length] }, { name: 'truncate' }])[0]!;
}

/** Positions are choices, so that a label that is looked up by one keeps its known values. */
function argument(call: Call, operation: 'argmax' | 'argmin'): Tensor {
  const x = tensorAt(call, 0);
  const axis = axisOf(call.attributes.int('axis', 0), x.shape.length);
  const last = call.attributes.flag('select_last_index', false);
  const { lines, rest } = linesAlong(x.shape, axis);
  const elements = lines.map((line): Element => {
    if (line.length === 0) throw new NodeError('it looks for the greatest of no elements');
    const values = line.map((k) => x.elements[k]!);
    if (last) values.reverse();
    const found = call.program.reduce(operation, values, precisionOf(x.type));
    const positions = line.map((_, k) => (last ? line.length - 1 - k : k));
    if (isConstant(found)) return positions[found as number]!;
    return { kind: 'choice', index: call.program.registers([found])[0]!, values: positions };
  });
  const keep = call.attributes.flag('keepdims', true);
  return tensor('int64', keep ? rest : x.shape.filter((_, k) => k !== axis), elements);
}

/** Before version 13 all axes from the given one on count as one. */
function softmax(call: Call, logarithm: boolean): Tensor {
  const x = tensorAt(call, 0);
  const old = call.version < 13;
  const axis = axisOf(call.attributes.int('axis', old ? 1 : -1), x.shape.length);
  const shape = old ? [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))] : x.shape;
  const { lines } = linesAlong(shape, old ? 1 : axis);
  const elements: Element[] = new Array(x.elements.length);
  for (const line of lines) {
    const inputs = line.map((k) => x.elements[k]!);
    const results = logarithm ? logSoftmaxOf(call, inputs, x) : softmaxOf(call, inputs, x);
    line.forEach((k, i) => {
      elements[k] = results[i]!;
    });
  }
  return { ...x, elements };
}

function softmaxOf({ program }: Call, elements: readonly Element[], { type }: Tensor): readonly Element[] {
  const precision = precisionOf(type);
  const inputs = program.registers(elements, precision === 'float32');
  return program.numbers({ kind: 'link', inputs, precision, function: { name: 'softmax' } });
}

/** As onnxruntime has it: in float32 by the greatest, without a number where that is infinite. */
function logSoftmaxOf({ program }: Call, elements: readonly Element[], { type }: Tensor): readonly Element[] {
  const precision = precisionOf(type);
  const minus = (numbers: readonly Element[], by: Element) =>
    program.combine(
      'subtract',
      numbers,
      numbers.map(() => by),
      precision,
    );
  if (type !== 'float32') return minus(elements, program.reduce('log-sum-exp', elements, precision));
  const shifted = minus(elements, program.reduce('max', elements, precision));
  const sum = program.reduce('sum', program.map(shifted, precision, [{ name: 'exp' }]), precision);
  return minus(shifted, program.map([sum], precision, [{ name: 'log' }])[0]!);
}

/** Values that a row decides are sorted by one step; the first of equals comes first. */
function topK(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const axis = axisOf(call.attributes.int('axis', -1), x.shape.length);
  const k = call.inputs[1] === undefined ? call.attributes.int('k', 0) : intsAt(call, 1)[0]!;
  const largest = call.attributes.flag('largest', true);
  const { program } = call;
  const { lines } = linesAlong(x.shape, axis);
  if (k < 1 || k > x.shape[axis]!) throw new NodeError(`it asks for ${k} of ${x.shape[axis]} elements`);
  const found = lines.map((line) => {
    const values = line.map((at) => x.elements[at]!);
    const keys = largest ? program.map(values, 'float64', [{ name: 'negate' }]) : values;
    const results = program.numbers({ kind: 'nearest', inputs: program.registers(keys), k });
    const sorted = results.slice(k);
    return {
      values: largest ? program.map(sorted, 'float64', [{ name: 'negate' }]) : sorted,
      positions: results.slice(0, k).map(
        ({ register }): Element => ({
          kind: 'choice',
          index: register,
          values: line.map((_, position) => position),
        }),
      ),
    };
  });
  const shape = x.shape.map((size, own) => (own === axis ? k : size));
  const place = linesAlong(shape, axis).lines;
  const spread = (lists: readonly (readonly Element[])[]) => {
    const elements: Element[] = [];
    place.forEach((line, l) => {
      line.forEach((at, i) => {
        elements[at] = lists[l]![i]!;
      });
    });
    return elements;
  };
  return [
    tensor(x.type, shape, spread(found.map(({ values }) => values))),
    tensor('int64', shape, spread(found.map(({ positions }) => positions))),
  ];
}

/** Step by step along the axis, for all lines at once. */
function cumulativeSum(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const axis = axisOf(intsAt(call, 1)[0]!, x.shape.length);
  const exclusive = call.attributes.flag('exclusive', false);
  const lines = linesAlong(x.shape, axis).lines.map((line) =>
    call.attributes.flag('reverse', false) ? [...line].reverse() : line,
  );
  const elements: Element[] = new Array(x.elements.length);
  let sums: readonly Element[] = lines.map(() => 0);
  for (let k = 0; k < x.shape[axis]!; k++) {
    const added = lines.map((line) => x.elements[line[k]!]!);
    const before = sums;
    sums = k === 0 ? added : call.program.combine('add', sums, added, precisionOf(x.type));
    const results = exclusive ? before : sums;
    lines.forEach((line, l) => {
      elements[line[k]!] = results[l]!;
    });
  }
  return [{ ...x, elements }];
}

function lpNormalization(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const precision = precisionOf(x.type);
  const { program } = call;
  const p = call.attributes.int('p', 2);
  const elements: Element[] = new Array(x.elements.length);
  for (const line of linesAlong(x.shape, axisOf(call.attributes.int('axis', -1), x.shape.length)).lines) {
    const values = line.map((k) => x.elements[k]!);
    const norm = program.reduce(p === 1 ? 'l1' : 'l2', values, precision);
    const scaled = program.combine(
      'divide',
      values,
      values.map(() => norm),
      precision,
    );
    // onnxruntime leaves a line of norm 0 as zeros.
    const some = program.combine('!=', [norm], [0], precision)[0]!;
    const results = program.select(
      values.map(() => some),
      scaled,
      values.map(() => 0),
    );
    line.forEach((k, i) => {
      elements[k] = results[i]!;
    });
  }
  return [{ ...x, elements }];
}

/** Scale and shift of axis 1, with the moments that training left. */
function batchNormalization(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  if (call.attributes.flag('training_mode', false)) throw new UnsupportedNode('it is in training mode');
  const precision = precisionOf(x.type);
  const { program } = call;
  const channels = x.shape[1] ?? 1;
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((position) => {
    const { elements } = tensorAt(call, position);
    if (elements.length !== channels) throw new NodeError(`input ${position} is not of ${channels} channels`);
    return elements;
  });
  const deviation = program.map(variance!, precision, [
    { name: 'add', by: [call.attributes.float('epsilon', 1e-5)] },
    { name: 'sqrt' },
  ]);
  const factor = program.combine('divide', scale!, deviation, precision);
  const shift = program.combine(
    'subtract',
    bias!,
    program.combine('multiply', mean!, factor, precision),
    precision,
  );
  const inner = sizeOf(x.shape.slice(2));
  const channelOf = (k: number) => Math.floor(k / inner) % channels;
  const scaled = program.combine(
    'multiply',
    x.elements,
    x.elements.map((_, k) => factor[channelOf(k)]!),
    precision,
  );
  return [
    {
      ...x,
      elements: program.combine(
        'add',
        scaled,
        scaled.map((_, k) => shift[channelOf(k)]!),
        precision,
      ),
    },
  ];
}

function layerNormalization(call: Call): readonly Tensor[] {
  const x = tensorAt(call, 0);
  const precision = precisionOf(x.type);
  const { program } = call;
  const axis = axisOf(call.attributes.int('axis', -1), x.shape.length);
  const inner = x.shape.slice(axis);
  if (broadcastShape(tensorAt(call, 1).shape, inner).length !== inner.length)
    throw new NodeError('scale is too wide');
  const scale = broadcastTo(tensorAt(call, 1), inner).elements;
  const bias = optionalAt(call, 2);
  const { lines } = linesAlong([x.elements.length / sizeOf(inner), sizeOf(inner)], 1);
  const elements: Element[] = new Array(x.elements.length);
  for (const line of lines) {
    const values = line.map((k) => x.elements[k]!);
    const mean = program.reduce('mean', values, precision);
    const centred = program.combine(
      'subtract',
      values,
      values.map(() => mean),
      precision,
    );
    const variance = program.reduce('mean', program.map(centred, precision, [{ name: 'square' }]), precision);
    const deviation = program.map([variance], precision, [
      { name: 'add', by: [call.attributes.float('epsilon', 1e-5)] },
      { name: 'sqrt' },
    ])[0]!;
    const unit = program.combine(
      'divide',
      centred,
      values.map(() => deviation),
      precision,
    );
    const scaled = program.combine('multiply', unit, scale, precision);
    const results =
      bias === undefined
        ? scaled
        : program.combine('add', scaled, broadcastTo(bias, inner).elements, precision);
    line.forEach((k, i) => {
      elements[k] = results[i]!;
    });
  }
  return [{ ...x, elements }];
}
