import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Reads one field's value; the reader stands behind the tag. */
interface Field {
  readonly wire: readonly WireType[];
  read(reader: BinaryReader, wire: WireType): void;
}

/** The fields of a message by number; others are skipped. */
export type Fields = Readonly<Record<number, Field>>;

/** Reads a message. Throws a RangeError or Error on bytes that are no such message; never reads past them. */
export function readMessage(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = fields[number];
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    if (!field.wire.includes(wire)) throw new Error(`field ${number} has wire type ${wire}`);
    field.read(reader, wire);
  }
}

/** A nested message. */
export function message(set: (bytes: Uint8Array) => void): Field {
  return { wire: [WireType.LengthDelimited], read: (reader) => set(reader.bytes()) };
}

export function text(set: (value: string) => void): Field {
  return { wire: [WireType.LengthDelimited], read: (reader) => set(reader.string()) };
}

/** A whole number of up to 64 bits; past 2^53 it is rounded. */
export function int(set: (value: number) => void): Field {
  return { wire: [WireType.Varint], read: (reader) => set(Number(reader.int64())) };
}

export function float(set: (value: number) => void): Field {
  return { wire: [WireType.Bit32], read: (reader) => set(reader.float()) };
}

export function ints(target: number[]): Field {
  return repeated(WireType.Varint, (reader) => target.push(Number(reader.int64())));
}

export function unsignedInts(target: number[]): Field {
  return repeated(WireType.Varint, (reader) => target.push(Number(reader.uint64())));
}

export function floats(target: number[]): Field {
  return repeated(WireType.Bit32, (reader) => target.push(reader.float()));
}

export function doubles(target: number[]): Field {
  return repeated(WireType.Bit64, (reader) => target.push(reader.double()));
}

/** A repeated number, packed or not: writers may choose. */
function repeated(single: WireType, push: (reader: BinaryReader) => void): Field {
  return {
    wire: [single, WireType.LengthDelimited],
    read(reader, wire) {
      if (wire === single) {
        push(reader);
        return;
      }
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len) push(packed);
    },
  };
}
