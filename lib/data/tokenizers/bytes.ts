// Text as UTF-8 bytes: 256 ids without a vocabulary to learn, for small models and for any text.

import { sha256 } from '../../base/files';
import {
  type EncodeOptions,
  type Tokenizer,
  type TokenStream,
  bytePiece,
  characterStream,
  checkId,
  printableCharacter,
  refuseBeginOfText,
} from './tokenizer';

/** Ids are bytes: id 10 is a newline, id 46 a full stop. */
export class ByteTokenizer implements Tokenizer {
  readonly name = 'bytes';
  readonly vocabularySize = 256;
  readonly fingerprint = sha256('bipe tokenizer bytes 1');
  readonly beginOfText = undefined;
  readonly endOfText = undefined;

  encode(text: string, options?: EncodeOptions): Int32Array {
    refuseBeginOfText(this.name, options);
    return Int32Array.from(new TextEncoder().encode(text));
  }

  stream(options?: EncodeOptions): TokenStream {
    refuseBeginOfText(this.name, options);
    return characterStream((text) => this.encode(text));
  }

  decode(ids: ArrayLike<number>): string {
    const bytes = Uint8Array.from(ids, (id) => checkId(this, id));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  }

  tokenText(id: number): string {
    return checkId(this, id) < 0x80 ? printableCharacter(String.fromCharCode(id)) : bytePiece(id);
  }

  idOf(text: string): number | undefined {
    const code = text.length === 1 ? text.charCodeAt(0) : 0x80;
    return code < 0x80 ? code : undefined;
  }
}
