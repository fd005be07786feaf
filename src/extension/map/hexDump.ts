/** Bytes as the lines `hexdump -C` prints: address, sixteen bytes, their ASCII; repeated lines folded into a star. */

const PER_LINE = 16;

export function hexDump(bytes: Uint8Array, address: number): string {
  const lines: string[] = [];
  let previous = '';
  for (let at = 0; at < bytes.length; at += PER_LINE) {
    const line = bytes.subarray(at, at + PER_LINE);
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, '0'));
    const text = [...line].map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    );
    const body =
      `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.padEnd(49) + ` |${text.join('')}|`;
    const isLast = at + PER_LINE >= bytes.length;
    if (body === previous && !isLast) {
      if (lines.at(-1) !== '*') lines.push('*');
      continue;
    }
    previous = body;
    lines.push(`${(address + at).toString(16).padStart(12, '0')}  ${body}`);
  }
  return `${lines.join('\n')}\n`;
}
