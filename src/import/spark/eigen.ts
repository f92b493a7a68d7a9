/** Eigenvalues and their vectors, as rows, of a symmetric matrix. */
export interface Eigen {
  readonly values: readonly number[];
  readonly vectors: readonly (readonly number[])[];
}

/** Cyclic sweeps converge quadratically: a dozen are many. */
const MAX_SWEEPS = 60;

/**
 * By Jacobi rotations, which find small eigenvalues to full relative precision too.
 * G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition, section 8.5.
 */
export function symmetricEigen(matrix: readonly (readonly number[])[]): Eigen {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = matrix.map((_, i) => Array.from({ length: n }, (_, k) => (i === k ? 1 : 0)));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) rotated = rotate(a, v, p, q) || rotated;
    }
    if (!rotated) break;
  }
  return { values: a.map((row, i) => row[i]!), vectors: v };
}

/** Makes a[p][q] zero; false where it is negligible beside the diagonal. */
function rotate(a: number[][], v: number[][], p: number, q: number): boolean {
  const off = a[p]![q]!;
  const [app, aqq] = [a[p]![p]!, a[q]![q]!];
  if (Math.abs(off) <= 1e-17 * Math.sqrt(Math.abs(app * aqq)) || off === 0) return false;
  const theta = (aqq - app) / (2 * off);
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < a.length; k++) {
    const [kp, kq] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = c * kp - s * kq;
    a[k]![q] = s * kp + c * kq;
  }
  for (let k = 0; k < a.length; k++) {
    const [pk, qk] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = c * pk - s * qk;
    a[q]![k] = s * pk + c * qk;
    const [vp, vq] = [v[p]![k]!, v[q]![k]!];
    v[p]![k] = c * vp - s * vq;
    v[q]![k] = s * vp + c * vq;
  }
  return true;
}
