// The part of Python's pickle format that PyTorch's state dictionaries use (protocol 2; Python's
// Lib/pickletools.py documents each operation). No code is run: a pickle names functions to call,
// and only a few that the caller knows are allowed, so a file from anywhere can be read safely.

import { CheckpointError } from '../../base/errors';

/** A function or class that a pickle names. */
export class PickledName {
  constructor(readonly name: string) {}
}

/** The meaning of operations that refer outside the format. */
export interface PickleMeaning {
  /** Calls something by name; throws if it is not known. */
  readonly call: (name: string, args: readonly unknown[]) => unknown;
  /** Resolves a reference out of the pickle. */
  readonly persistent: (id: unknown) => unknown;
}

const mark = Symbol('mark');

/**
 * Reads the value of a pickle: numbers, text, null, arrays for tuples and lists, maps for
 * dictionaries, and the results of `meaning`.
 *
 * @param where the file's name, the first words of the message
 * @throws CheckpointError if it is damaged or does more than a state dictionary needs
 */
export function unpickle(bytes: Buffer, meaning: PickleMeaning, where: string): unknown {
  try {
    return new Unpickler(bytes, meaning, where).run();
  } catch (error) {
    if (error instanceof RangeError)
      throw new CheckpointError(`${where}: the list of its tensors is cut short; get it again`, {
        cause: error,
      });
    throw error;
  }
}

class Unpickler {
  private at = 0;
  private readonly stack: unknown[] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(
    private readonly bytes: Buffer,
    private readonly meaning: PickleMeaning,
    private readonly where: string,
  ) {}

  run(): unknown {
    for (;;) {
      const operation = String.fromCharCode(this.byte());
      if (operation === '.') return this.pop();
      const [make, change] = [this.values[operation], this.changes[operation]];
      if (make !== undefined) this.stack.push(make());
      else if (change !== undefined) change();
      else
        throw new CheckpointError(
          `${this.where}: not a state dictionary: operation ${operation.charCodeAt(0)} at byte ${this.at - 1} is not supported`,
        );
    }
  }

  /** Operations that push a value. */
  private readonly values: Readonly<Record<string, (() => unknown) | undefined>> = {
    '(': () => mark,
    '}': () => new Map(),
    ']': () => [],
    ')': () => [],
    N: () => null,
    '\x88': () => true,
    '\x89': () => false,
    K: () => this.byte(),
    M: () => this.bytes.readUInt16LE(this.advance(2)),
    J: () => this.bytes.readInt32LE(this.advance(4)),
    G: () => this.bytes.readDoubleBE(this.advance(8)),
    '\x8a': () => this.longInteger(),
    X: () => this.text(this.bytes.readUInt32LE(this.advance(4))),
    c: () => new PickledName(`${this.line()}.${this.line()}`),
    h: () => this.memo.get(this.byte()),
    j: () => this.memo.get(this.bytes.readUInt32LE(this.advance(4))),
    t: () => this.sinceMark(),
    '\x85': () => this.last(1),
    '\x86': () => this.last(2),
    '\x87': () => this.last(3),
    Q: () => this.meaning.persistent(this.pop()),
    R: () => {
      const [callee, args] = this.last(2);
      if (!(callee instanceof PickledName) || !Array.isArray(args)) throw this.damaged();
      return this.meaning.call(callee.name, args);
    },
  };

  /** Operations that change what is there, or nothing. */
  private readonly changes: Readonly<Record<string, (() => unknown) | undefined>> = {
    '\x80': () => this.byte(), // protocol
    q: () => this.memo.set(this.byte(), this.top()),
    r: () => this.memo.set(this.bytes.readUInt32LE(this.advance(4)), this.top()),
    a: () => {
      const value = this.pop();
      this.list().push(value);
    },
    e: () => {
      const values = this.sinceMark();
      const list = this.list();
      for (const value of values) list.push(value);
    },
    s: () => {
      const [key, value] = this.last(2);
      this.dictionary().set(key, value);
    },
    u: () => {
      const items = this.sinceMark();
      for (let index = 0; index + 1 < items.length; index += 2)
        this.dictionary().set(items[index], items[index + 1]);
    },
    b: () => this.pop(), // attributes: those of a state dictionary say which module each tensor is of
  };

  private pop(): unknown {
    if (this.stack.length === 0) throw this.damaged();
    return this.stack.pop();
  }

  private top(): unknown {
    return this.stack.at(-1);
  }

  private last(count: number): unknown[] {
    if (this.stack.length < count) throw this.damaged();
    return this.stack.splice(-count);
  }

  private sinceMark(): unknown[] {
    const start = this.stack.lastIndexOf(mark);
    if (start < 0) throw this.damaged();
    return this.stack.splice(start).slice(1);
  }

  private list(): unknown[] {
    const value = this.top();
    if (!Array.isArray(value)) throw this.damaged();
    return value;
  }

  private dictionary(): Map<unknown, unknown> {
    const value = this.top();
    if (!(value instanceof Map)) throw this.damaged();
    return value;
  }

  private byte(): number {
    return this.bytes.readUInt8(this.advance(1));
  }

  private advance(count: number): number {
    const start = this.at;
    this.at += count;
    return start;
  }

  private text(length: number): string {
    const start = this.advance(length);
    if (this.at > this.bytes.length) throw new RangeError('text beyond the end');
    return this.bytes.toString('utf8', start, this.at);
  }

  private line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw new RangeError('line beyond the end');
    const line = this.text(end - this.at);
    this.at = end + 1;
    return line;
  }

  /** A little-endian integer of any length, in two's complement. */
  private longInteger(): number {
    const length = this.byte();
    const start = this.advance(length);
    let value = 0n;
    for (let index = length - 1; index >= 0; index -= 1)
      value = (value << 8n) | BigInt(this.bytes.readUInt8(start + index));
    return Number(BigInt.asIntN(8 * length, value));
  }

  private damaged(): CheckpointError {
    return new CheckpointError(
      `${this.where}: the list of its tensors is damaged at byte ${this.at}; get it again`,
    );
  }
}
