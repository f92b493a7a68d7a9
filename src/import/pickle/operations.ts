import { latin1 } from './byte-reader.ts';
import type { PickleMachine } from './machine.ts';
import { readDecimal, readFloatText, readLong, readQuoted, readRawUnicode } from './numbers.ts';
import { Op } from './opcodes.ts';
import { type PyValue, unsupported } from './values.ts';

type Operation = (machine: PickleMachine) => void;

const NUMBERS: Readonly<Record<number, Operation>> = {
  [Op.NONE]: (m) => m.push(null),
  [Op.NEWTRUE]: (m) => m.push(true),
  [Op.NEWFALSE]: (m) => m.push(false),
  [Op.BININT]: (m) => m.push(m.reader.int32()),
  [Op.BININT1]: (m) => m.push(m.reader.byte()),
  [Op.BININT2]: (m) => m.push(m.reader.uint16()),
  [Op.LONG1]: (m) => m.push(readLong(m.reader, m.reader.byte())),
  [Op.LONG4]: (m) => m.push(readLong(m.reader, m.reader.uint32())),
  [Op.INT]: (m) => m.push(readDecimal(m.reader)),
  [Op.LONG]: (m) => m.push(readDecimal(m.reader)),
  [Op.FLOAT]: (m) => m.push(readFloatText(m.reader)),
  [Op.BINFLOAT]: (m) => m.push(m.reader.float64()),
};

const TEXTS: Readonly<Record<number, Operation>> = {
  [Op.SHORT_BINUNICODE]: (m) => m.push(m.reader.utf8(m.reader.byte())),
  [Op.BINUNICODE]: (m) => m.push(m.reader.utf8(m.reader.uint32())),
  [Op.BINUNICODE8]: (m) => m.push(m.reader.utf8(m.reader.uint64())),
  [Op.SHORT_BINBYTES]: (m) => m.push(m.reader.take(m.reader.byte())),
  [Op.BINBYTES]: (m) => m.push(m.reader.take(m.reader.uint32())),
  [Op.BINBYTES8]: (m) => m.push(m.reader.take(m.reader.uint64())),
  [Op.BYTEARRAY8]: (m) => m.push(m.reader.take(m.reader.uint64())),
  [Op.SHORT_BINSTRING]: (m) => m.push(latin1(m.reader.take(m.reader.byte()))),
  [Op.BINSTRING]: (m) => m.push(latin1(m.reader.take(m.reader.uint32()))),
  [Op.STRING]: (m) => m.push(readQuoted(m.reader)),
  [Op.UNICODE]: (m) => m.push(readRawUnicode(m.reader)),
};

const COLLECTIONS: Readonly<Record<number, Operation>> = {
  [Op.MARK]: (m) => m.mark(),
  [Op.EMPTY_TUPLE]: (m) => m.pushObject([]),
  [Op.EMPTY_LIST]: (m) => m.pushObject([]),
  [Op.TUPLE1]: (m) => m.pushTuple(1),
  [Op.TUPLE2]: (m) => m.pushTuple(2),
  [Op.TUPLE3]: (m) => m.pushTuple(3),
  [Op.TUPLE]: (m) => m.pushObject(m.popToMark()),
  [Op.LIST]: (m) => m.pushObject(m.popToMark()),
  [Op.EMPTY_DICT]: (m) => m.pushTable(new Map()),
  [Op.DICT]: (m) => m.pushTable(m.fillDict(new Map(), m.popToMark())),
  [Op.EMPTY_SET]: (m) => m.pushTable(new Set()),
  [Op.FROZENSET]: (m) => m.pushTable(new Set(m.popToMark())),
  [Op.APPEND]: (m) => m.append([m.pop()]),
  [Op.APPENDS]: (m) => m.append(m.popToMark()),
  [Op.SETITEM]: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  [Op.SETITEMS]: (m) => m.setItems(m.popToMark()),
  [Op.ADDITEMS]: (m) => m.addItems(m.popToMark()),
};

const MEMORY: Readonly<Record<number, Operation>> = {
  [Op.POP]: (m) => m.discard(),
  [Op.POP_MARK]: (m) => void m.popToMark(),
  [Op.DUP]: (m) => m.push(m.top()),
  [Op.GET]: (m) => m.recall(Number(readDecimal(m.reader))),
  [Op.BINGET]: (m) => m.recall(m.reader.byte()),
  [Op.LONG_BINGET]: (m) => m.recall(m.reader.uint32()),
  [Op.PUT]: (m) => m.memoize(Number(readDecimal(m.reader))),
  [Op.BINPUT]: (m) => m.memoize(m.reader.byte()),
  [Op.LONG_BINPUT]: (m) => m.memoize(m.reader.uint32()),
  [Op.MEMOIZE]: (m) => m.memoize(),
  [Op.PROTO]: (m) => m.checkProtocol(m.reader.byte()),
  [Op.FRAME]: (m) => m.checkFrame(m.reader.uint64()),
  [Op.READONLY_BUFFER]: () => undefined,
};

const OBJECTS: Readonly<Record<number, Operation>> = {
  [Op.GLOBAL]: (m) => m.pushObject(m.allow(m.reader.line(), m.reader.line())),
  [Op.STACK_GLOBAL]: (m) => {
    const name = m.pop();
    m.pushObject(m.allow(m.pop(), name));
  },
  [Op.INST]: (m) => m.instantiate(m.allow(m.reader.line(), m.reader.line()), m.popToMark()),
  [Op.OBJ]: (m) => {
    const [type, ...args] = m.popToMark();
    m.instantiate(type, args);
  },
  [Op.REDUCE]: call,
  [Op.NEWOBJ]: call,
  [Op.NEWOBJ_EX]: (m) => {
    // Keyword arguments: no class that is read here has any.
    m.pop();
    call(m);
  },
  [Op.BUILD]: (m) => m.build(),
  [Op.PERSID]: refuseOutside,
  [Op.BINPERSID]: refuseOutside,
  [Op.EXT1]: refuseOutside,
  [Op.EXT2]: refuseOutside,
  [Op.EXT4]: refuseOutside,
  [Op.NEXT_BUFFER]: refuseOutside,
};

function call(m: PickleMachine): void {
  const args: PyValue = m.pop();
  m.instantiate(m.pop(), args);
}

function refuseOutside(m: PickleMachine): never {
  return unsupported(
    m.origin,
    'the pickle refers to objects outside the file',
    'Save the model with joblib.dump(model, path) or pickle.dump(model, file), without persistent ids or buffers.',
  );
}

/** What each opcode does, by its byte; STOP is the machine's own. */
export const OPERATIONS: readonly (Operation | undefined)[] = Array.from(
  { length: 256 },
  (_, op) => NUMBERS[op] ?? TEXTS[op] ?? COLLECTIONS[op] ?? MEMORY[op] ?? OBJECTS[op],
);
