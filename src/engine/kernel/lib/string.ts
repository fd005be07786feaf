/**
 * Bytes and strings in kernel memory.
 *
 * Source: Linux 6.1 lib/string.c.
 */
import type { Int } from '../../machine/ctypes.js';
import type { Kernel } from '../../machine/kernel.js';
import { asVirt, type VirtAddr } from '../../memory/address.js';

export function read_string(k: Kernel, at: VirtAddr): string {
  let text = '';
  for (let i = 0; ; i++) {
    const byte = read_byte(k, asVirt(at + i));
    if (byte === 0) return text;
    text += String.fromCharCode(byte);
  }
}

// --- bytes of objects --------------------------------------------------------------------------------------------------

export function read_byte(k: Kernel, at: VirtAddr): Int {
  const cell = k.cell_at(at);
  return k.read8(cell, at & 3);
}

export function write_byte(k: Kernel, at: VirtAddr, value: Int): void {
  k.write8(k.cell_at(at), at & 3, value);
}

/** memset(): whole words where it can. */
export function memset(k: Kernel, start: VirtAddr, value: Int, size: Int): void {
  const word = (value & 0xff) * 0x01010101;
  for (let done = 0; done < size;) {
    const at = (start + done) as VirtAddr;
    if ((at & 3) === 0 && size - done >= 4) {
      k.write(k.cell_at(at), word);
      done += 4;
    } else {
      write_byte(k, at, value);
      done++;
    }
  }
}
