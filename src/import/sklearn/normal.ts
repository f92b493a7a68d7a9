import type { Register } from '../../ir/model.ts';
import type { Builder } from '../builder.ts';

type Registers = readonly Register[];

/**
 * Rational approximations of the normal distribution's quantile function, highest power first, to 1e-15: in the
 * middle in (p - 1/2)², in the tails in 1 / sqrt(-2 log p) for p above exp(-32).
 * https://github.com/scipy/scipy/blob/v1.11.0/scipy/special/cephes/ndtri.c
 */
const MIDDLE = {
  over: [
    ...[-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125],
  ],
  under: [
    ...[1, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066],
    ...[-82.03722561683334, 15.90562251262117, -1.1833162112133],
  ],
};
const TAIL = {
  over: [
    ...[4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803],
    ...[2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854],
  ],
  under: [
    ...[1, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094],
    ...[-0.14218292285478779, -0.03808064076915783, -0.0009332594808954574],
  ],
};

/** Where the tails begin: exp(-2). */
const TAIL_START = 0.1353352832366127;

/** The number below which a standard normal variable lies with probability p, for p within [1e-12, 1 - 1e-12]. */
export function normalQuantile(b: Builder, inputs: Registers): Registers {
  const [one] = b.constants([1]);
  const rest = b.link(inputs, { name: 'complement' });
  const upper = b.compare(inputs, '>', [1 - TAIL_START]);
  const lower = b.compare(inputs, '<', [TAIL_START]);
  const share = b.select(upper, rest, inputs);
  const tail = tailQuantile(b, share, one!);
  const middle = middleQuantile(b, inputs);
  return b.select(upper, tail, b.select(lower, b.unary(tail, 'negate'), middle));
}

/** For p near 1/2. */
function middleQuantile(b: Builder, inputs: Registers): Registers {
  const y = b.map(inputs, { name: 'subtract', by: [0.5] });
  const square = b.unary(y, 'square');
  const quotient = b.combine(
    'divide',
    polynomial(b, square, MIDDLE.over),
    polynomial(b, square, MIDDLE.under),
  );
  const change = b.combine('multiply', y, b.combine('multiply', square, quotient));
  return b.map(b.combine('add', y, change), { name: 'multiply', by: [Math.sqrt(2 * Math.PI)] });
}

/** How far from the middle a tail of probability p begins. */
function tailQuantile(b: Builder, inputs: Registers, one: Register): Registers {
  const x = b.map(inputs, { name: 'log' }, { name: 'multiply', by: [-2] }, { name: 'sqrt' });
  const start = b.combine('subtract', x, b.combine('divide', b.unary(x, 'log'), x));
  const z = b.combine('divide', [one], x);
  const quotient = b.combine('divide', polynomial(b, z, TAIL.over), polynomial(b, z, TAIL.under));
  return b.combine('subtract', start, b.combine('multiply', z, quotient));
}

/** Horner's scheme, highest power first. */
function polynomial(b: Builder, x: Registers, coefficients: readonly number[]): Registers {
  const [first, second, ...others] = coefficients;
  let sum: Registers = b.map(x, { name: 'multiply', by: [first!] }, { name: 'add', by: [second!] });
  for (const coefficient of others) {
    sum = b.map(b.combine('multiply', sum, x), { name: 'add', by: [coefficient] });
  }
  return sum;
}
