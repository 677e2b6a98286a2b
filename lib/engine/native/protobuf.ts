// Writes protocol buffers: the few wire types that TensorFlow's graphs and event files need. A
// message is a list of byte parts that are joined only when the file is written, so that a constant
// of many megabytes is never copied.

/** Encoded bytes in parts, and their total length. */
export interface Encoded {
  readonly length: number;
  readonly parts: readonly Uint8Array[];
}

const utf8 = new TextEncoder();

/** A message from its encoded fields. */
export function message(...fields: readonly Encoded[]): Encoded {
  return {
    length: fields.reduce((sum, field) => sum + field.length, 0),
    parts: fields.flatMap((field) => field.parts),
  };
}

/** An integer field: int32, int64, bool or an enumeration. */
export function integerField(field: number, value: number | boolean): Encoded {
  return bytes(Uint8Array.from([...varint(BigInt(field << 3)), ...varint(BigInt(Number(value)))]));
}

/** A float field. */
export function floatField(field: number, value: number): Encoded {
  const encoded = new Uint8Array(5);
  encoded[0] = (field << 3) | 5;
  new DataView(encoded.buffer).setFloat32(1, value, true);
  return bytes(encoded);
}

/** A double field. */
export function doubleField(field: number, value: number): Encoded {
  const encoded = new Uint8Array(9);
  encoded[0] = (field << 3) | 1;
  new DataView(encoded.buffer).setFloat64(1, value, true);
  return bytes(encoded);
}

/** A string field. */
export function textField(field: number, value: string): Encoded {
  return bytesField(field, utf8.encode(value));
}

/** A bytes field; `value` must not change before the file is written. */
export function bytesField(field: number, value: Uint8Array): Encoded {
  return messageField(field, bytes(value));
}

/** A field that holds another message. */
export function messageField(field: number, value: Encoded): Encoded {
  const header = Uint8Array.from([...varint(BigInt((field << 3) | 2)), ...varint(BigInt(value.length))]);
  return { length: header.length + value.length, parts: [header, ...value.parts] };
}

/** An entry of a map field whose keys are strings and whose values are messages. */
export function mapEntry(field: number, key: string, value: Encoded): Encoded {
  return messageField(field, message(textField(1, key), messageField(2, value)));
}

function bytes(value: Uint8Array): Encoded {
  return { length: value.length, parts: [value] };
}

/** Base-128 digits, least significant first; a negative number as its 64-bit two's complement. */
function varint(value: bigint): number[] {
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const digit = Number(rest & 0x7fn);
    rest >>= 7n;
    digits.push(rest === 0n ? digit : digit | 0x80);
  } while (rest !== 0n);
  return digits;
}
