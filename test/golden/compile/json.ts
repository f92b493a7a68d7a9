interface Customer {
  readonly name?: string;
  readonly scores: readonly number[];
}

export function summary(customer: Customer | null): object | null {
  if (customer === null) return null;
  return {
    name: customer.name,
    best: Math.max(...customer.scores),
    mean: Number.NaN,
    scores: Float32Array.from(customer.scores),
    at: new Date(0),
  };
}

/** @plv8ify_return {json} */
export function exactly(value: number): unknown {
  return value > 0 ? { value } : 'not positive';
}
