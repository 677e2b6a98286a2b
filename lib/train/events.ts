// TensorBoard event files, as far as scalars need them: records (length, checksum, data, checksum)
// that hold `Event` messages in protocol buffers' wire format. Sources: TensorFlow's
// record_writer.cc, event.proto, summary.proto.

import {
  doubleField,
  type Encoded,
  floatField,
  integerField,
  message,
  messageField,
  textField,
} from '../engine/native/protobuf';

/** One number at one step. */
export interface ScalarEvent {
  /** Name, e.g. `train/loss`. */
  readonly tag: string;
  readonly step: number;
  readonly value: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
}

/** The record at the beginning of every event file: the version of its format. */
export function fileHeader(wallTime: number): Uint8Array {
  return record(message(doubleField(1, wallTime), textField(3, 'brain.Event:2')));
}

/** Encodes a scalar as a record. */
export function scalarRecord({ tag, step, value, wallTime }: ScalarEvent): Uint8Array {
  const scalar = message(textField(1, tag), floatField(2, value));
  const summary = message(messageField(1, scalar));
  return record(message(doubleField(1, wallTime), integerField(2, step), messageField(5, summary)));
}

/** A message after its length, each followed by its masked checksum. */
function record({ parts }: Encoded): Buffer {
  const data = Buffer.concat(parts);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

function checksum(data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(maskedCrc32c(data));
  return bytes;
}

/**
 * CRC-32C, rotated and shifted: a checksum of data that holds checksums would be weak otherwise.
 */
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
