import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileHeader, maskedCrc32c, scalarRecord } from '../../lib/train/events';
import { crc32cBitByBit, readEvents } from './events.reader';

describe('TensorBoard events', () => {
  it('have the checksum of the standard, masked', () => {
    // RFC 3720, appendix B.4: 32 bytes of zeros.
    const crc = crc32cBitByBit(new Uint8Array(32));
    expect(crc).toBe(0x8a9136aa);
    const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
    expect(maskedCrc32c(new Uint8Array(32))).toBe(masked);
  });

  it('are read by another reader as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            tag: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
            step: fc.oneof(fc.nat(), fc.integer({ min: 2 ** 40, max: 2 ** 52 })),
            value: fc.float({ noNaN: true }),
            wallTime: fc.double({ min: 0, max: 4e9, noNaN: true }),
          }),
          { maxLength: 8 },
        ),
        (events) => {
          const [header, ...read] = readEvents(
            Buffer.concat([fileHeader(17.5), ...events.map(scalarRecord)]),
          );
          expect(header).toEqual({ wallTime: 17.5, step: 0, version: 'brain.Event:2', scalars: {} });
          expect(read).toEqual(
            events.map(({ tag, step, value, wallTime }) => ({ wallTime, step, scalars: { [tag]: value } })),
          );
        },
      ),
    );
  });
});
