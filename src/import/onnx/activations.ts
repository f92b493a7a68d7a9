import { mapped } from './elementwise.ts';
import { NodeError } from './node-error.ts';
import { type Call, type Operator, precisionOf, tensorAt } from './operator.ts';
import type { BinaryOperation } from './program.ts';
import { type Element, isFloat, type Tensor } from './value.ts';

/** Activations that are made of several functions of one number. */
export const activations: Readonly<Record<string, Operator>> = {
  HardSwish: (call) => {
    const factor = mapped(
      call,
      { name: 'multiply', by: [1 / 6] },
      { name: 'add', by: [0.5] },
      { name: 'max', by: [0] },
      { name: 'min', by: [1] },
    );
    return [paired(call, 'multiply', floats(call), factor)];
  },
  Mish: (call) => [
    paired(call, 'multiply', floats(call), mapped(call, { name: 'softplus' }, { name: 'tanh' })),
  ],
  Shrink: (call) => {
    const [bias, lambd] = [call.attributes.float('bias', 0), call.attributes.float('lambd', 0.5)];
    const x = floats(call);
    const [above, below] = [beyond(call, '>', lambd), beyond(call, '<', -lambd)];
    const zeros = x.elements.map(() => 0);
    const lower = call.program.select(below, mapped(call, { name: 'add', by: [bias] }).elements, zeros);
    const upper = mapped(call, { name: 'subtract', by: [bias] }).elements;
    return [{ ...x, elements: call.program.select(above, upper, lower) }];
  },
  ThresholdedRelu: (call) => {
    const x = floats(call);
    const above = beyond(call, '>', call.attributes.float('alpha', 1));
    const zeros = x.elements.map(() => 0);
    return [{ ...x, elements: call.program.select(above, call.program.exact(x.elements), zeros) }];
  },
};

function floats(call: Call): Tensor {
  const x = tensorAt(call, 0);
  if (!isFloat(x.type)) throw new NodeError(`it takes floats, not ${x.type}`);
  return x;
}

function paired(call: Call, operation: BinaryOperation, left: Tensor, right: Tensor): Tensor {
  const elements = call.program.combine(operation, left.elements, right.elements, precisionOf(left.type));
  return { ...left, elements };
}

function beyond(call: Call, operator: '<' | '>', bound: number): readonly Element[] {
  return mapped(call, { name: 'compare', operator, by: [bound] }).elements;
}
