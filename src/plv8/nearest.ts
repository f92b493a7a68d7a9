/**
 * Writes the positions of the out.length / 2 least distances, then those distances, ascending; equal ones by
 * position, NaN last. Best where few are sought: one that is too far costs a comparison.
 */
export function nearest(distances: ArrayLike<number>, out: Float64Array): void {
  const k = out.length / 2;
  let found = 0;
  for (let i = 0; i < distances.length; i++) {
    const distance = distances[i]!;
    if (found === k && !isNearer(distance, out[2 * k - 1]!)) continue;
    let place = found < k ? found++ : k - 1;
    for (; place > 0 && isNearer(distance, out[k + place - 1]!); place--) {
      out[place] = out[place - 1]!;
      out[k + place] = out[k + place - 1]!;
    }
    out[place] = i;
    out[k + place] = distance;
  }
}

function isNearer(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}
