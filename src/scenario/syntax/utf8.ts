/** UTF-8, because memory holds bytes and the layers here know no TextEncoder. Malformed bytes become U+FFFD. */

/** The bytes of a text. */
export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code));
    else if (code < 0x10000)
      bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    else
      bytes.push(
        0xf0 | (code >> 18),
        continuation(code >> 12),
        continuation(code >> 6),
        continuation(code),
      );
  }
  return bytes;
}

const continuation = (code: number): number => 0x80 | (code & 0x3f);

/** The text of some bytes. */
export function decodeUtf8(bytes: ArrayLike<number>): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at++] ?? 0;
    const extra = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let code = extra <= 0 ? lead : lead & (0x3f >> extra);
    let valid = extra >= 0 && lead < 0xf5;
    for (let i = 0; i < extra; i++) {
      const next = bytes[at] ?? 0;
      if ((next & 0xc0) !== 0x80) {
        valid = false;
        break;
      }
      code = (code << 6) | (next & 0x3f);
      at++;
    }
    text += valid && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}

/** A text of one character for each byte, as bytes. */
export const bytesOf = (text: string): Uint8Array =>
  Uint8Array.from(text, (character) => character.charCodeAt(0));

/** Bytes as a text of one character each. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4096)
    text += String.fromCharCode(...bytes.subarray(at, at + 4096));
  return text;
}
