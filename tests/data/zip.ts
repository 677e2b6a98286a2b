// Zip archives for tests: built here, so that they can also be wrong.

import { crc32, deflateRawSync } from 'node:zlib';

/** A file of an archive, and what the archive says of it where that is not true. */
export interface ZipMember {
  readonly content: string | Uint8Array;
  readonly stored?: true;
  readonly method?: number;
  readonly crc32?: number;
  readonly bytes?: number;
}

/** An archive of these files, by name. */
export function zipOf(members: Readonly<Record<string, ZipMember | string>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, member] of Object.entries(members)) {
    const { content, stored, ...said } = typeof member === 'string' ? { content: member } : member;
    const plain = Buffer.from(content);
    const packed = stored === true ? plain : deflateRawSync(plain);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(said.method ?? (stored === true ? 0 : 8), 4);
    fields.writeUInt32LE(said.crc32 ?? crc32(plain), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(said.bytes ?? plain.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const header = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.alloc(2), fields, tail, Buffer.from(name)]),
    );
    local.push(header);
    offset += header.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}
