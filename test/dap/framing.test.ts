import assert from 'node:assert/strict';
import { encodeFrame, FrameDecoder, type Decoded } from '../../src/adapter/protocol/framing.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const framed = (value: unknown): string => new TextDecoder().decode(encodeFrame(value));

/** All that comes out, as text: messages as JSON, garbage by its reason. */
const decoded = (out: readonly Decoded[]): string[] =>
  out.map((one) => (one.kind === 'message' ? JSON.stringify(one.value) : `! ${one.reason}`));

/** Feeds a text in pieces of so many bytes. */
function decode(text: string, pieceBytes = Infinity): string[] {
  const decoder = new FrameDecoder();
  const all = bytes(text);
  const out: Decoded[] = [];
  for (let at = 0; at < all.length; at += pieceBytes)
    out.push(...decoder.push(all.subarray(at, at + pieceBytes)));
  return decoded(out);
}

const a = { seq: 1, text: 'größer' };
const b = { seq: 2 };

const cases: readonly { name: string; input: string; expected: string[] }[] = [
  {
    name: 'two messages',
    input: framed(a) + framed(b),
    expected: [JSON.stringify(a), JSON.stringify(b)],
  },
  {
    name: 'a header in small letters',
    input: framed(b).replace('Content-Length', 'content-length'),
    expected: [JSON.stringify(b)],
  },
  {
    name: 'another header after the length',
    input: framed(b).replace('\r\n\r\n', '\r\nContent-Type: x\r\n\r\n'),
    expected: [JSON.stringify(b)],
  },
  {
    name: 'noise before a message',
    input: `hello there, this is no protocol\r\n${framed(b)}`,
    expected: ['! bytes that are not a header', JSON.stringify(b)],
  },
  {
    name: 'a length that is not a number',
    input: `Content-Length: many\r\n\r\n{}${framed(b)}`,
    expected: ['! a Content-Length that is not a number', JSON.stringify(b)],
  },
  {
    name: 'a negative length',
    input: `Content-Length: -5\r\n\r\n{}${framed(b)}`,
    expected: ['! a Content-Length that is not a number', JSON.stringify(b)],
  },
  {
    name: 'a length nobody has memory for',
    input: `Content-Length: 99999999999999\r\n\r\n{}${framed(b)}`,
    expected: [
      '! a message of 99999999999999 bytes, more than the 67108864 allowed',
      JSON.stringify(b),
    ],
  },
  {
    name: 'a body that is no JSON',
    input: `Content-Length: 5\r\n\r\n{oops${framed(b)}`,
    expected: ['! a message that is not JSON', JSON.stringify(b)],
  },
  {
    name: 'a length that swallows the next message',
    input: `Content-Length: 20\r\n\r\n{}${framed(a)}${framed(b)}`,
    expected: ['! a message that is not JSON', JSON.stringify(a), JSON.stringify(b)],
  },
  {
    name: 'a body that is null',
    input: `Content-Length: 4\r\n\r\nnull${framed(b)}`,
    expected: ['null', JSON.stringify(b)],
  },
  {
    name: 'an empty body',
    input: `Content-Length: 0\r\n\r\n${framed(b)}`,
    expected: [JSON.stringify(b)],
  },
];

describe('framing', () => {
  for (const { name, input, expected } of cases) {
    it(name, () => assert.deepEqual(decode(input), expected));
    it(`${name}, byte by byte`, () => {
      const out = decode(input, 1);
      // In pieces, noise may be reported with another reason, but never more than once, and never instead of a message.
      assert.deepEqual(
        out.filter((line) => !line.startsWith('!')),
        expected.filter((line) => !line.startsWith('!')),
      );
      assert.ok(out.filter((line) => line.startsWith('!')).length <= 1, out.join('\n'));
    });
  }

  it('keeps nothing of endless noise', () => {
    const decoder = new FrameDecoder();
    const noise = new Uint8Array(1 << 16).fill(0x55);
    let reports = 0;
    for (let i = 0; i < 200; i++) reports += decoder.push(noise).length;
    assert.equal(reports, 1);
    assert.deepEqual(decoded(decoder.push(encodeFrame(b))), [JSON.stringify(b)]);
  });

  it('takes a header that never ends for noise', () => {
    const decoder = new FrameDecoder();
    const out = [...decoder.push(bytes('Content-Length: 1'))];
    for (let i = 0; i < 100; i++) out.push(...decoder.push(bytes('1'.repeat(1000))));
    assert.deepEqual(decoded(out), ['! a header without an end']);
    assert.deepEqual(decoded(decoder.push(encodeFrame(b))), [JSON.stringify(b)]);
  });
});
