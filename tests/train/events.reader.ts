// Reads TensorBoard event files, written from the formats' descriptions and not from the writer:
// the checksum is computed bit by bit, and messages are taken apart by Google's own protocol
// buffers.

import { createRequire } from 'node:module';

interface ProtocolReader {
  nextField(): boolean;
  isEndGroup(): boolean;
  getFieldNumber(): number;
  readDouble(): number;
  readFloat(): number;
  readInt64(): number;
  readString(): string;
  readBytes(): Uint8Array;
  skipField(): void;
}

const { BinaryReader } = createRequire(__filename)('google-protobuf') as {
  BinaryReader: new (bytes: Uint8Array) => ProtocolReader;
};

/** An event as TensorBoard sees it. */
export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly version?: string;
  readonly scalars: Readonly<Record<string, number>>;
}

/** All events of a file; throws if a length or a checksum is wrong. */
export function readEvents(file: Uint8Array): ReadEvent[] {
  const bytes = Buffer.from(file);
  const events: ReadEvent[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Number(bytes.readBigUInt64LE(at));
    checkSum(bytes.subarray(at, at + 8), bytes.readUInt32LE(at + 8));
    const data = bytes.subarray(at + 12, at + 12 + length);
    checkSum(data, bytes.readUInt32LE(at + 12 + length));
    events.push(readEvent(data));
    at += 16 + length;
  }
  return events;
}

function checkSum(data: Uint8Array, masked: number): void {
  // Unmask, as TensorFlow's crc32c.h does.
  const rotated = (masked - 0xa282ead8) >>> 0;
  const stored = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  if (stored !== crc32cBitByBit(data)) throw new Error('a record with a wrong checksum');
}

/** The Castagnoli polynomial 0x1EDC6F41, reflected. */
export function crc32cBitByBit(data: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of data) {
    for (let bit = 0; bit < 8; bit++) {
      const odd = ((remainder ^ (byte >> bit)) & 1) === 1;
      remainder = odd ? (remainder >>> 1) ^ 0x82f63b78 : remainder >>> 1;
    }
  }
  return ~remainder >>> 0;
}

function readEvent(data: Uint8Array): ReadEvent {
  const event: { wallTime: number; step: number; version?: string; scalars: Record<string, number> } = {
    wallTime: NaN,
    step: 0,
    scalars: {},
  };
  for (const reader of fields(data)) {
    const number = reader.getFieldNumber();
    if (number === 1) event.wallTime = reader.readDouble();
    else if (number === 2) event.step = reader.readInt64();
    else if (number === 3) event.version = reader.readString();
    else if (number === 5) event.scalars = { ...event.scalars, ...readSummary(reader.readBytes()) };
    else throw new Error(`an event with the field ${number}`);
  }
  return event;
}

function readSummary(data: Uint8Array): Record<string, number> {
  // Entries, not an object: a tag may be `__proto__`.
  const scalars: [string, number][] = [];
  for (const summary of fields(data)) {
    let [tag, scalar] = ['', NaN];
    for (const value of fields(summary.readBytes())) {
      if (value.getFieldNumber() === 1) tag = value.readString();
      else if (value.getFieldNumber() === 2) scalar = value.readFloat();
      else throw new Error(`a summary with the field ${value.getFieldNumber()}`);
    }
    scalars.push([tag, scalar]);
  }
  return Object.fromEntries(scalars);
}

function* fields(data: Uint8Array): Generator<ProtocolReader> {
  const reader = new BinaryReader(data);
  while (reader.nextField() && !reader.isEndGroup()) yield reader;
}
