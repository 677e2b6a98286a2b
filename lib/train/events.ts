// TensorBoard event files, as much of them as scalars need: records (length, checksum, data, checksum) that hold
// `Event` messages in protocol buffers' wire format. Sources: TensorFlow's record_writer.cc, event.proto, summary.proto.

/** One number at one step. */
export interface ScalarEvent {
  /** What it is, e.g. `train/loss`. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

/** The record every event file begins with: the version of its format. */
export function fileHeader(wallTime: number): Uint8Array {
  return record(
    Buffer.concat([doubleField(1, wallTime), bytesField(3, Buffer.from('brain.Event:2', 'utf8'))]),
  );
}

/** A scalar as a record. */
export function scalarRecord({ tag, step, value, wallTime }: ScalarEvent): Uint8Array {
  const summaryValue = Buffer.concat([bytesField(1, Buffer.from(tag, 'utf8')), floatField(2, value)]);
  const summary = bytesField(1, summaryValue);
  return record(Buffer.concat([doubleField(1, wallTime), integerField(2, step), bytesField(5, summary)]));
}

/** Data with its length before it, each followed by its masked checksum. */
function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(maskedCrc32c(data));
  return bytes;
}

/** CRC-32C, rotated and shifted: a checksum of data that holds checksums would be weak otherwise. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  return crc;
});

function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crcTable[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

// Wire types of protocol buffers: 0 a varint, 1 eight bytes, 2 a length and bytes, 5 four bytes.

function integerField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint((number << 3) | 1), bytes]);
}

function bytesField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function floatField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint((number << 3) | 5), bytes]);
}

/** A non-negative integer, seven bits a byte, the lowest first. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
