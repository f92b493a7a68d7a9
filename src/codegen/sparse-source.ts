import type { Register } from '../ir/model.ts';
import type { SourceContext, StepSource } from './source-context.ts';

/** Registers as SparseRows of src/plv8/sparse.ts, one after the other; `offset`: how many registers stand before. */
export interface SparseParts extends StepSource {
  readonly parts: readonly { readonly row: string; readonly offset: number }[];
}

/** A SparseRow named `row` over registers that are looked through for what is not 0. */
export function lookedThrough(
  row: string,
  registers: readonly Register[],
  context: SourceContext,
): StepSource {
  const x = context.load(`${row}x`, registers, 'float64');
  const create = context.kernel('sparse', 'createSparseRow');
  const find = context.kernel('sparse', 'findPositions');
  return {
    setup: [...x.setup, `const ${row}=${create}(${row}x);`],
    run: [...x.run, `${find}(${row});`],
  };
}

/** The parts of some registers, those that a step keeps as a SparseRow as they are; undefined when there is none of these. */
export function sparseParts(
  name: string,
  registers: readonly Register[],
  context: SourceContext,
): SparseParts | undefined {
  const parts: { row: string; offset: number }[] = [];
  const sources: StepSource[] = [];
  let plain = 0;
  const addPlain = (end: number) => {
    if (plain === end) return;
    const row = `${name}_${parts.length}`;
    sources.push(lookedThrough(row, registers.slice(plain, end), context));
    parts.push({ row, offset: plain });
  };
  let found = false;
  for (let i = 0; i < registers.length; i++) {
    const width = context.sparseWidth(registers[i]!);
    const row = width === undefined ? undefined : context.wholeSparse(registers.slice(i, i + width));
    if (row === undefined) continue;
    found = true;
    addPlain(i);
    parts.push({ row, offset: i });
    plain = i + width!;
    i = plain - 1;
  }
  if (!found) return undefined;
  addPlain(registers.length);
  return { parts, setup: sources.flatMap(({ setup }) => setup), run: sources.flatMap(({ run }) => run) };
}
