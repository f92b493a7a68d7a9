import type { Feature, Register } from '../../ir/model.ts';
import type { Program } from '../program.ts';
import { ctrValue } from './ctr-value.ts';
import { type Column, featureOf } from './lower-features.ts';
import type { Combination, Projection } from './projections.ts';
import type { CatboostFile } from './scan.ts';
import type { CtrElement, CtrFeature } from './scan-ctrs.ts';
import type { Test } from './tests.ts';

/** The categories of one feature that anything tests: code k is category k, and a further code is every other text. */
export interface Encoding {
  readonly hashes: readonly number[];
  readonly codes: ReadonlyMap<number, number>;
  /** The texts that the file names. */
  readonly categories: readonly string[];
  /** Whether it names every category: then texts are compared, and otherwise their hashes. */
  readonly named: boolean;
}

/** Per categorical feature, by its index. */
export function encodingsOf(
  file: CatboostFile,
  tests: Iterable<Test>,
  projections: readonly Projection[],
): ReadonlyMap<number, Encoding> {
  const wanted = new Map(file.categoricals.map(({ index }) => [index, new Set<number>()]));
  for (const test of tests) if (test.kind === 'value') wanted.get(test.feature)!.add(test.value);
  for (const { elements, combinations } of projections) {
    elements.forEach((element, i) => {
      if (element.kind === 'value') wanted.get(element.feature)?.add(element.value);
      if (element.kind !== 'category' || combinations === undefined) return;
      for (const { parts } of combinations) wanted.get(element.feature)?.add(parts[i]!);
    });
  }
  return new Map([...wanted].map(([index, hashes]) => [index, encodingOf(file, [...hashes])]));
}

function encodingOf(file: CatboostFile, hashes: readonly number[]): Encoding {
  return {
    hashes,
    codes: new Map(hashes.map((hash, code) => [hash, code])),
    categories: hashes.flatMap((hash) => file.names.get(hash) ?? []),
    named: hashes.every((hash) => file.names.has(hash)),
  };
}

export function signatureOf(
  columns: readonly Column[],
  encodings: ReadonlyMap<number, Encoding>,
): readonly Feature[] {
  return columns.map((column) =>
    featureOf(column, column.kind === 'text' ? encodings.get(column.feature.index)!.categories : []),
  );
}

/** Appends the steps that turn texts into codes and codes into target statistics, each when it is first asked for. */
export class Categories {
  private readonly program: Program;
  private readonly file: CatboostFile;
  private readonly columns: readonly Column[];
  private readonly encodings: ReadonlyMap<number, Encoding>;
  private readonly codeRegisters = new Map<number, Register>();
  private readonly hashRegisters = new Map<number, Register>();
  private readonly ctrRegisters = new Map<CtrFeature, Register>();

  constructor(
    program: Program,
    file: CatboostFile,
    columns: readonly Column[],
    encodings: ReadonlyMap<number, Encoding>,
  ) {
    this.program = program;
    this.file = file;
    this.columns = columns;
    this.encodings = encodings;
  }

  code(feature: number, hash: number): number {
    return this.encodings.get(feature)!.codes.get(hash)!;
  }

  /** The register of a feature's code. */
  encoded(feature: number): Register {
    const known = this.codeRegisters.get(feature);
    if (known !== undefined) return known;
    const register = this.addEncoding(feature);
    this.codeRegisters.set(feature, register);
    return register;
  }

  private addEncoding(feature: number): Register {
    const { hashes, categories, named } = this.encodings.get(feature)!;
    const other = { missing: hashes.length, unknown: hashes.length };
    if (!named) {
      const unsigned = hashes.map((hash) => hash >>> 0);
      const input = this.hashed(feature);
      return this.program.add({ kind: 'encode-category', input, categories: unsigned, ...other })[0]!;
    }
    const codes = hashes.flatMap((hash, code) => this.file.names.get(hash)!.map(() => code));
    const input = this.columnOf(feature);
    return this.program.add({ kind: 'encode-category', input, categories, codes, ...other })[0]!;
  }

  /** The register of the hash of a feature's text; NaN for a missing one. */
  private hashed(feature: number): Register {
    const known = this.hashRegisters.get(feature);
    if (known !== undefined) return known;
    const input = this.columnOf(feature);
    const [register] = this.program.add({ kind: 'hash-text', input, missing: Number.NaN });
    this.hashRegisters.set(feature, register!);
    return register!;
  }

  private columnOf(feature: number): Register {
    return this.columns.findIndex((each) => each.kind === 'text' && each.feature.index === feature);
  }

  ctr(ctr: CtrFeature): Register {
    return this.ctrRegisters.get(ctr)!;
  }

  /** One table a projection: a row a combination, a column a statistic, and a last row for all other combinations. */
  addProjection(projection: Projection): void {
    const { ctrs, hashes, combinations } = projection;
    const known: readonly (bigint | undefined)[] = combinations?.map(({ hash }) => hash) ?? hashes;
    const rows = [...known, undefined].map((hash) =>
      ctrs.map(({ ctr, table }) =>
        ctrValue(ctr, table, hash === undefined ? undefined : table.rows.get(hash)),
      ),
    );
    const registers = this.program.add({
      kind: 'gather',
      inputs: [
        combinations === undefined ? this.rowByHash(projection) : this.rowOf(projection, combinations),
      ],
      rows,
      default: 0,
    });
    ctrs.forEach(({ ctr }, i) => {
      this.ctrRegisters.set(ctr, registers[i]!);
    });
  }

  /** The register of the row's number, by the hash of what the row of the data holds. */
  private rowByHash({ elements, hashes }: Projection): Register {
    const inputs = elements.map((element) => {
      if (element.kind === 'category') return this.hashed(element.feature);
      return this.digit(element).register;
    });
    const keys = hashes.map((hash) => hash.toString(16).padStart(16, '0'));
    return this.program.add({ kind: 'find-hash', inputs, keys })[0]!;
  }

  /** The register of the row's number, by the codes of the categories. */
  private rowOf({ elements }: Projection, combinations: readonly Combination[]): Register {
    const digits = elements.map((element) => this.digit(element));
    const weights: number[] = [];
    let next = 1;
    for (const { size } of digits) {
      weights.push(next);
      next *= size;
    }
    const keyOf = ({ parts }: Combination) =>
      parts.reduce((key, part, i) => key + digits[i]!.value(part) * weights[i]!, 0);
    const [key] = this.program.add({
      kind: 'linear',
      inputs: digits.map(({ register }) => register),
      inputPrecision: 'float64',
      accumulator: 'float64',
      weights: [weights],
      bias: [0],
      missing: 'propagate',
    });
    return this.program.add({
      kind: 'lookup',
      inputs: [key!],
      keys: combinations.map(keyOf),
      values: combinations.map((_, row) => row),
      default: combinations.length,
    })[0]!;
  }

  /** An element as a digit of the number that a combination gets: below `size`. */
  private digit(element: CtrElement): {
    readonly register: Register;
    readonly size: number;
    readonly value: (part: number) => number;
  } {
    switch (element.kind) {
      case 'category': {
        const size = this.encodings.get(element.feature)!.hashes.length + 1;
        const value = (hash: number) => this.code(element.feature, hash);
        return { register: this.encoded(element.feature), size, value };
      }
      case 'border':
        return { register: this.passes(element.feature, element.border), size: 2, value: (part) => part };
      case 'value':
        return { register: this.equals(element.feature, element.value), size: 2, value: (part) => part };
    }
  }

  private passes(index: number, border: number): Register {
    const input = this.columns.findIndex((each) => each.kind === 'number' && each.feature.index === index);
    const column = this.columns[input]!;
    const missing = column.kind === 'number' && column.feature.missingPasses ? Infinity : -Infinity;
    return this.program.add({
      kind: 'map',
      inputs: [input],
      precision: 'float32',
      operations: [
        { name: 'impute', missing: Number.NaN, by: [missing] },
        { name: 'compare', operator: '>', by: [border] },
      ],
    })[0]!;
  }

  private equals(feature: number, hash: number): Register {
    return this.program.add({
      kind: 'map',
      inputs: [this.encoded(feature)],
      precision: 'float64',
      operations: [{ name: 'compare', operator: '==', by: [this.code(feature, hash)] }],
    })[0]!;
  }
}
