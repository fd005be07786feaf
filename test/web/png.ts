/**
 * A PNG file read by other means than those that wrote it: eight bits a channel, no interlace, as canvases write them.
 *
 * Source: PNG specification (ISO/IEC 15948): 5.3 chunk layout, 9 filtering, Annex D CRC.
 */
import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly data: Uint8Array;
}

const SIGNATURE = '89504e470d0a1a0a';
const COLOUR_RGB = 2;
const COLOUR_RGBA = 6;

export function readPng(file: Buffer): Pixels {
  assert.equal(file.subarray(0, 8).toString('hex'), SIGNATURE);
  const parts: Buffer[] = [];
  let header: Buffer | undefined;
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at);
    const chunk = file.subarray(at + 4, at + 8 + length);
    assert.equal(file.readUInt32BE(at + 8 + length), crc(chunk), 'a chunk is damaged');
    const type = chunk.toString('latin1', 0, 4);
    if (type === 'IHDR') header = chunk.subarray(4);
    if (type === 'IDAT') parts.push(chunk.subarray(4));
    at += 12 + length;
  }
  assert.ok(header);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colour, , , interlace] = header.subarray(8);
  assert.equal(depth, 8);
  assert.equal(interlace, 0);
  assert.ok(colour === COLOUR_RGB || colour === COLOUR_RGBA);
  const channels = colour === COLOUR_RGBA ? 4 : 3;
  const rows = unfiltered(inflateSync(Buffer.concat(parts)), width * channels, height, channels);
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++)
    for (let c = 0; c < channels; c++) data[4 * i + c] = rows[channels * i + c] ?? 0;
  return { width, height, data };
}

function unfiltered(packed: Buffer, stride: number, height: number, channels: number): Uint8Array {
  const out = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x++) {
      const at = y * stride + x;
      const left = x < channels ? 0 : (out[at - channels] ?? 0);
      const up = y === 0 ? 0 : (out[at - stride] ?? 0);
      const upLeft = x < channels || y === 0 ? 0 : (out[at - stride - channels] ?? 0);
      const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, upLeft)][filter] ?? 0;
      out[at] = (packed[y * (stride + 1) + 1 + x] ?? 0) + predicted;
    }
  }
  return out;
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const [a, b, c] = [left, up, upLeft].map((value) => Math.abs(estimate - value));
  if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left;
  return (b ?? 0) <= (c ?? 0) ? up : upLeft;
}

function crc(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
