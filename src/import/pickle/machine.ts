import { Budget, MAX_STACK, UNITS } from './budget.ts';
import type { ByteReader } from './byte-reader.ts';
import { construct, setState } from './construct.ts';
import { allowGlobal } from './globals.ts';
import { isArrayWrapper, readWrappedArray } from './joblib.ts';
import { Op } from './opcodes.ts';
import { OPERATIONS } from './operations.ts';
import { type PickleOrigin, PyGlobal, PyObject, type PyValue } from './values.ts';

/**
 * Runs one pickle stream from the reader's position to its STOP and returns the value that it builds. Data only:
 * classes and functions are names, calls are records or one of the few rules of construct.ts. Time and memory are
 * linear in the stream, and bounded by the budget. The methods are what operations.ts makes opcodes of.
 */
export class PickleMachine {
  readonly reader: ByteReader;
  readonly origin: PickleOrigin;
  private readonly budget: Budget;
  private readonly nested: boolean;
  private readonly stack: PyValue[] = [];
  private readonly marks: number[] = [];
  /** The stack's height at the last mark: nothing below can be taken. */
  private floor = 0;
  /** Entries in the order of their numbers, as Python counts them, and those that a stream numbers otherwise. */
  private readonly memo: PyValue[] = [];
  private readonly sparseMemo = new Map<number, PyValue>();

  /** `nested`: this stream stands within another, as joblib writes arrays of objects. */
  constructor(reader: ByteReader, origin: PickleOrigin, budget = new Budget(origin), nested = false) {
    this.reader = reader;
    this.origin = origin;
    this.budget = budget;
    this.nested = nested;
  }

  run(): PyValue {
    for (;;) {
      const op = this.reader.byte();
      if (op === Op.STOP) return this.pop();
      const operation = OPERATIONS[op];
      if (operation === undefined)
        this.reader.fail(`opcode 0x${op.toString(16)} is none of pickle's, before it`);
      operation(this);
    }
  }

  push(value: PyValue): void {
    if (this.stack.length >= MAX_STACK) this.reader.fail('more values wait than any model has');
    this.stack.push(value);
  }

  pop(): PyValue {
    if (this.stack.length <= this.floor) this.reader.fail('a value is missing on the stack');
    return this.stack.pop()!;
  }

  top(): PyValue {
    if (this.stack.length <= this.floor) this.reader.fail('a value is missing on the stack');
    return this.stack[this.stack.length - 1]!;
  }

  mark(): void {
    if (this.marks.length >= MAX_STACK) this.reader.fail('more marks wait than any model has');
    this.marks.push(this.floor);
    this.floor = this.stack.length;
  }

  /** The values since the last mark, which goes too. */
  popToMark(): PyValue[] {
    const below = this.marks.pop();
    if (below === undefined) return this.reader.fail('a mark is missing on the stack');
    const values = this.stack.splice(this.floor);
    this.floor = below;
    return values;
  }

  /** Takes the last value, or the last mark when nothing stands above it. */
  discard(): void {
    if (this.marks.length > 0 && this.stack.length === this.floor) this.popToMark();
    else this.pop();
  }

  pushObject(value: PyValue): void {
    this.budget.take(UNITS.object);
    this.push(value);
  }

  pushTable(value: PyValue): void {
    this.budget.take(UNITS.table);
    this.push(value);
  }

  pushTuple(count: number): void {
    const out: PyValue[] = [];
    for (let i = 0; i < count; i++) out.push(this.pop());
    this.pushObject(out.reverse());
  }

  /** A list or an instance of a subclass, on top of the stack, gets elements. */
  append(values: readonly PyValue[]): void {
    const list = this.top();
    const elements = list instanceof PyObject ? list.toList() : list;
    if (!Array.isArray(elements)) this.reader.fail('something is appended to what is no list');
    this.budget.take(values.length * UNITS.element);
    for (const value of values) elements.push(value);
  }

  /** A dict or an instance of a subclass, on top of the stack, gets entries: key, value, key, value, … */
  setItems(pairs: readonly PyValue[]): void {
    const dict = this.top();
    const entries = dict instanceof PyObject ? dict.toDict() : dict;
    if (!(entries instanceof Map)) this.reader.fail('an item is set in what is no dict');
    this.fillDict(entries, pairs);
  }

  fillDict(dict: Map<PyValue, PyValue>, pairs: readonly PyValue[]): Map<PyValue, PyValue> {
    if (pairs.length % 2 !== 0) this.reader.fail('a dict has a key without a value');
    this.budget.take(pairs.length * UNITS.element);
    for (let i = 0; i < pairs.length; i += 2) dict.set(pairs[i]!, pairs[i + 1]!);
    return dict;
  }

  addItems(values: readonly PyValue[]): void {
    const target = this.top();
    if (!(target instanceof Set)) this.reader.fail('an item is added to what is no set');
    this.budget.take(values.length * UNITS.element);
    for (const value of values) target.add(value);
  }

  recall(index: number): void {
    const value = index < this.memo.length ? this.memo[index] : this.sparseMemo.get(index);
    if (value === undefined) this.reader.fail(`memo ${index} is asked for, but was never set`);
    this.push(value);
  }

  memoize(index = this.memo.length + this.sparseMemo.size): void {
    const dense = index <= this.memo.length;
    this.budget.take(dense ? UNITS.element : UNITS.table);
    if (dense) this.memo[index] = this.top();
    else this.sparseMemo.set(index, this.top());
  }

  checkProtocol(version: number): void {
    if (version > 5) this.reader.fail(`protocol ${version} is newer than 5`);
  }

  checkFrame(length: number): void {
    const left = this.reader.bytes.length - this.reader.position;
    if (length > left) this.reader.fail(`a frame of ${length} bytes is announced, but only ${left} follow`);
  }

  allow(module: PyValue, name: PyValue): PyGlobal {
    if (typeof module !== 'string' || typeof name !== 'string')
      return this.reader.fail('a class has no name');
    return allowGlobal(module, name, this.origin);
  }

  instantiate(type: PyValue | undefined, args: PyValue): void {
    if (!(type instanceof PyGlobal)) this.reader.fail('something that is no class is called');
    if (!Array.isArray(args)) this.reader.fail('arguments are no tuple');
    this.pushTable(construct(type, args, { origin: this.origin, budget: this.budget }));
  }

  build(): void {
    const state = this.pop();
    const target = this.top();
    setState(target, state, { origin: this.origin, budget: this.budget });
    // joblib: the array's bytes, or a pickle of its own, follow its description.
    if (!(target instanceof PyObject && isArrayWrapper(target))) return;
    if (this.nested) this.reader.fail('an array stands within an array of objects');
    this.pop();
    const inner = () => new PickleMachine(this.reader, this.origin, this.budget, true).run();
    this.push(readWrappedArray(target, this.reader, this.origin, inner));
  }
}
