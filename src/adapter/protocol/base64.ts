/** Base64 without node: RFC 4648, with padding. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const CODES = new Map(Array.from(ALPHABET, (char, code) => [char, code]));
const ASCII = Uint8Array.from(ALPHABET, (char) => char.charCodeAt(0));
const PADDING = 0x3d;
const ascii = new TextDecoder('latin1');

/** Maps hold a quarter of a million bytes: characters are made as bytes and become a string in one piece. */
export function toBase64(bytes: Uint8Array): string {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING);
  for (let at = 0, to = 0; at < bytes.length; at += 3, to += 4) {
    const rest = bytes.length - at;
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    out[to] = ASCII[group >> 18] ?? 0;
    out[to + 1] = ASCII[(group >> 12) & 63] ?? 0;
    if (rest > 1) out[to + 2] = ASCII[(group >> 6) & 63] ?? 0;
    if (rest > 2) out[to + 3] = ASCII[group & 63] ?? 0;
  }
  return ascii.decode(out);
}

/** undefined when the text is not base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, out = 0; at < text.length; at += 4) {
    let group = 0;
    for (let i = 0; i < 4; i++) group = (group << 6) | (CODES.get(text.charAt(at + i)) ?? 0);
    for (let i = 16; i >= 0 && out < bytes.length; i -= 8) bytes[out++] = (group >> i) & 0xff;
  }
  return bytes;
}
