/**
 * SHA-256 of a text's UTF-8 bytes, as hex digits: what `Source.checksums` says. Written out because the adapter runs where there is
 * no node, and the web's own digest answers too late for a response.
 *
 * Source: FIPS 180-4, 5.1.1 (padding), 5.3.3 and 4.2.2 (constants), 6.2.2 (computation).
 */
const BLOCK_BYTES = 64;

/** The first 32 bits of the fractional part of a root of the first primes. */
const fractions = (count: number, root: number): Int32Array =>
  Int32Array.from(
    primes(count).map((prime) => {
      const value = prime ** (1 / root);
      return Math.floor((value - Math.floor(value)) * 2 ** 32);
    }),
  );

function primes(count: number): number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((p) => n % p !== 0)) found.push(n);
  return found;
}

const INITIAL = fractions(8, 2);
const ROUND = fractions(64, 3);

export function sha256(text: string): string {
  const bytes = padded(new TextEncoder().encode(text));
  const view = new DataView(bytes.buffer);
  const hash = INITIAL.slice();
  const w = new Int32Array(64);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + i * 4);
    addBlock(hash, w);
  }
  return [...hash].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** A one bit, zeros, and the length in bits as 64 bits. */
function padded(bytes: Uint8Array): Uint8Array {
  const nrBlocks = Math.ceil((bytes.length + 9) / BLOCK_BYTES);
  const out = new Uint8Array(nrBlocks * BLOCK_BYTES);
  out.set(bytes);
  out[bytes.length] = 0x80;
  new DataView(out.buffer).setBigUint64(out.length - 8, BigInt(bytes.length) * 8n);
  return out;
}

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

function addBlock(hash: Int32Array, w: Int32Array): void {
  const word = (i: number): number => w[i] as number;
  for (let i = 16; i < 64; i++) {
    const [x, y] = [word(i - 15), word(i - 2)];
    const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    w[i] = word(i - 16) + s0 + word(i - 7) + s1;
  }
  let [a, b, c, d, e, f, g, h] = hash as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let i = 0; i < 64; i++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + word(i)) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (hash[i] = (hash[i] as number) + value));
}
