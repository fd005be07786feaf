/**
 * The wire: `Content-Length: N\r\n\r\n` and N bytes of JSON, any number of times.
 *
 * The decoder takes bytes as they come and gives messages; what is not a message is reported once and skipped up to the
 * next thing that looks like a header, so no input ends a session. Nothing is kept beyond the limits below.
 *
 * Source: Debug Adapter Protocol overview, "Base protocol".
 */
import { counted } from '../../engine/view/counted.js';

/** A header section longer than this is garbage. */
const MAX_HEADER_BYTES = 4096;
/** A body longer than this is refused: no request of the protocol comes near it. */
const MAX_BODY_BYTES = 64 << 20;

const HEADER_NAME = 'content-length:';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export type Decoded =
  | { readonly kind: 'message'; readonly value: unknown }
  /** Bytes that are not a message; `text` is their beginning. */
  | { readonly kind: 'malformed'; readonly reason: string; readonly text: string };

export const encodeFrame = (message: unknown): Uint8Array => frameOf(JSON.stringify(message));

/** The frame of a message that is JSON already. */
export function frameOf(json: string): Uint8Array {
  const body = encoder.encode(json);
  const header = encoder.encode(`Content-Length: ${body.length}\r\n\r\n`);
  const frame = new Uint8Array(header.length + body.length);
  frame.set(header);
  frame.set(body, header.length);
  return frame;
}

export class FrameDecoder {
  /** Bytes not yet decoded are buffer[start..end). */
  private buffer = new Uint8Array(1024);
  private start = 0;
  private end = 0;
  /** Of the body being received; undefined while a header is. */
  private bodyBytes: number | undefined;
  /** Garbage already reported: stay silent until a message comes through. */
  private skipping = false;

  push(chunk: Uint8Array): readonly Decoded[] {
    this.append(chunk);
    const out: Decoded[] = [];
    for (;;) {
      const progressed = this.bodyBytes === undefined ? this.header(out) : this.body(out);
      if (!progressed) return out;
    }
  }

  private header(out: Decoded[]): boolean {
    const name = this.find(HEADER_NAME);
    if (name > this.start) this.skipTo(name, 'bytes that are not a header', out);
    else if (name < 0) {
      // The name itself may still be cut in two.
      const rest = this.end - this.start;
      if (!couldBeHeader(this.text(this.start, Math.min(rest, HEADER_NAME.length))))
        this.skipTo(
          this.end - Math.min(rest, HEADER_NAME.length),
          'bytes that are not a header',
          out,
        );
      return false;
    }
    const headerEnd = this.find('\r\n\r\n');
    if (headerEnd < 0) {
      if (this.end - this.start <= MAX_HEADER_BYTES) return false;
      this.skipTo(this.start + HEADER_NAME.length, 'a header without an end', out);
      return true;
    }
    const header = this.text(this.start, headerEnd - this.start);
    const length = /^content-length:[ \t]*([0-9]+)[ \t]*(\r\n|$)/i.exec(header)?.[1];
    const next = headerEnd + 4;
    if (length === undefined || headerEnd - this.start > MAX_HEADER_BYTES) {
      this.skipTo(this.start + HEADER_NAME.length, 'a Content-Length that is not a number', out);
    } else if (Number(length) > MAX_BODY_BYTES) {
      this.skipTo(
        next,
        `a message of ${counted(length, 'byte')}, more than the ${MAX_BODY_BYTES} allowed`,
        out,
      );
    } else {
      this.start = next;
      this.bodyBytes = Number(length);
    }
    return true;
  }

  private body(out: Decoded[]): boolean {
    const length = this.bodyBytes ?? 0;
    if (this.end - this.start < length) return false;
    const text = this.text(this.start, length);
    this.bodyBytes = undefined;
    const bodyStart = this.start;
    this.start += length;
    try {
      out.push({ kind: 'message', value: JSON.parse(text) });
      this.skipping = false;
    } catch {
      this.report('a message that is not JSON', text, out);
      // A length that was too long has swallowed the next header: go back to it.
      const swallowed = text.toLowerCase().indexOf(HEADER_NAME);
      if (swallowed >= 0) this.start = bodyStart + encoder.encode(text.slice(0, swallowed)).length;
    }
    return true;
  }

  private skipTo(position: number, reason: string, out: Decoded[]): void {
    if (position <= this.start) return;
    this.report(reason, this.text(this.start, Math.min(position - this.start, 200)), out);
    this.start = position;
  }

  private report(reason: string, text: string, out: Decoded[]): void {
    if (text.trim() === '' || this.skipping) return;
    this.skipping = true;
    out.push({ kind: 'malformed', reason, text: text.slice(0, 200) });
  }

  /** Position of an ASCII text (case apart) in what is buffered, -1 if it is not there. */
  private find(text: string): number {
    const first = text.charCodeAt(0);
    for (let at = this.start; at + text.length <= this.end; at++) {
      if (lower(this.buffer[at]) !== first) continue;
      let same = 1;
      while (same < text.length && lower(this.buffer[at + same]) === text.charCodeAt(same)) same++;
      if (same === text.length) return at;
    }
    return -1;
  }

  private text(from: number, length: number): string {
    return decoder.decode(this.buffer.subarray(from, from + length));
  }

  private append(chunk: Uint8Array): void {
    const pending = this.end - this.start;
    if (this.end + chunk.length > this.buffer.length) {
      let capacity = this.buffer.length;
      while (capacity < pending + chunk.length) capacity *= 2;
      const buffer = capacity === this.buffer.length ? this.buffer : new Uint8Array(capacity);
      buffer.set(this.buffer.subarray(this.start, this.end));
      this.buffer = buffer;
      this.start = 0;
      this.end = pending;
    }
    this.buffer.set(chunk, this.end);
    this.end += chunk.length;
  }
}

const lower = (byte: number | undefined): number =>
  byte === undefined ? -1 : byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;

const couldBeHeader = (text: string): boolean => HEADER_NAME.startsWith(text.toLowerCase());
