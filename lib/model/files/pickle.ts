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
      const perform = this.operations[operation];
      if (perform === undefined)
        throw new CheckpointError(
          `${this.where}: not a state dictionary: operation ${operation.charCodeAt(0)} at byte ${this.at - 1} is not supported`,
        );
      perform();
    }
  }

  private readonly operations: Readonly<Record<string, (() => void) | undefined>> = {
    '\x80': () => this.byte(), // protocol
    '(': () => {
      this.push(mark);
    },
    '}': () => {
      this.push(new Map());
    },
    ']': () => {
      this.push([]);
    },
    ')': () => {
      this.push([]);
    },
    N: () => {
      this.push(null);
    },
    '\x88': () => {
      this.push(true);
    },
    '\x89': () => {
      this.push(false);
    },
    K: () => {
      this.push(this.byte());
    },
    M: () => {
      this.push(this.bytes.readUInt16LE(this.advance(2)));
    },
    J: () => {
      this.push(this.bytes.readInt32LE(this.advance(4)));
    },
    G: () => {
      this.push(this.bytes.readDoubleBE(this.advance(8)));
    },
    '\x8a': () => {
      this.push(this.longInteger());
    },
    X: () => {
      this.push(this.text(this.bytes.readUInt32LE(this.advance(4))));
    },
    c: () => {
      this.push(new PickledName(`${this.line()}.${this.line()}`));
    },
    q: () => this.memo.set(this.byte(), this.top()),
    r: () => this.memo.set(this.bytes.readUInt32LE(this.advance(4)), this.top()),
    h: () => {
      this.push(this.memo.get(this.byte()));
    },
    j: () => {
      this.push(this.memo.get(this.bytes.readUInt32LE(this.advance(4))));
    },
    t: () => {
      this.push(this.sinceMark());
    },
    '\x85': () => {
      this.push(this.last(1));
    },
    '\x86': () => {
      this.push(this.last(2));
    },
    '\x87': () => {
      this.push(this.last(3));
    },
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
    Q: () => {
      this.push(this.meaning.persistent(this.pop()));
    },
    R: () => {
      const [callee, args] = this.last(2);
      if (!(callee instanceof PickledName) || !Array.isArray(args)) throw this.damaged();
      this.push(this.meaning.call(callee.name, args));
    },
    b: () => {
      this.pop(); // attributes: those of a state dictionary say which module each tensor is of
    },
  };

  private push(value: unknown): void {
    this.stack.push(value);
  }

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
