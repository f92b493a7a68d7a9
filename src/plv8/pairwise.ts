type Numbers = ArrayLike<number>;

/** out[c] counts the pairs (0, 1), (0, 2), …, (1, 2), … that class c won: as the first one where the input is > 0. */
export function countVotes(decisions: Numbers, out: Float64Array): void {
  out.fill(0);
  let next = 0;
  for (let i = 0; i < out.length; i++) {
    for (let j = i + 1; j < out.length; j++) {
      const winner = decisions[next++]! > 0 ? i : j;
      out[winner] = out[winner]! + 1;
    }
  }
}

/**
 * Class probabilities from the probabilities of each pair's first class: the second method of Wu, Lin and Weng,
 * "Probability estimates for multi-class classification by pairwise coupling", Journal of Machine Learning Research
 * 5 (2004), algorithm 2, with libsvm's stopping rule. Cubic in the classes a round in the worst case, few rounds.
 */
export function couple(pairs: Numbers, out: Float64Array): void {
  const classes = out.length;
  const q = couplingMatrix(pairs, classes);
  const qp = new Float64Array(classes);
  out.fill(1 / classes);
  for (let round = Math.max(100, classes); round > 0; round--) {
    const pqp = multiply(q, out, qp);
    if (greatestDifference(qp, pqp) < 0.005 / classes) return;
    sweep(q, qp, pqp, out);
  }
}

/** Q[t][t] = Σ r[j][t]², Q[t][j] = -r[j][t] r[t][j], row by row. */
function couplingMatrix(pairs: Numbers, classes: number): Float64Array {
  const q = new Float64Array(classes * classes);
  let next = 0;
  for (let i = 0; i < classes; i++) {
    for (let j = i + 1; j < classes; j++) {
      const first = pairs[next++]!;
      const second = 1 - first;
      q[i * classes + j] = q[j * classes + i] = -first * second;
      q[i * classes + i] = q[i * classes + i]! + second * second;
      q[j * classes + j] = q[j * classes + j]! + first * first;
    }
  }
  return q;
}

/** Writes Qp and gives p'Qp. */
function multiply(q: Float64Array, p: Float64Array, qp: Float64Array): number {
  const classes = p.length;
  let pqp = 0;
  for (let t = 0; t < classes; t++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) sum += q[t * classes + j]! * p[j]!;
    qp[t] = sum;
    pqp += p[t]! * sum;
  }
  return pqp;
}

/** NaN counts as none, as in libsvm: classes whose pairs are unknown stay equally likely. */
function greatestDifference(values: Float64Array, from: number): number {
  let greatest = 0;
  for (let t = 0; t < values.length; t++) {
    const difference = Math.abs(values[t]! - from);
    if (difference > greatest) greatest = difference;
  }
  return greatest;
}

/** Optimises one coordinate after the other; Qp and p'Qp are kept in step with p, whose sum stays 1. */
function sweep(q: Float64Array, qp: Float64Array, start: number, p: Float64Array): void {
  const classes = p.length;
  let pqp = start;
  for (let t = 0; t < classes; t++) {
    const diagonal = q[t * classes + t]!;
    const change = (pqp - qp[t]!) / diagonal;
    const scale = 1 + change;
    pqp = (pqp + change * (change * diagonal + 2 * qp[t]!)) / (scale * scale);
    p[t] = p[t]! + change;
    for (let j = 0; j < classes; j++) {
      qp[j] = (qp[j]! + change * q[t * classes + j]!) / scale;
      p[j] = p[j]! / scale;
    }
  }
}
