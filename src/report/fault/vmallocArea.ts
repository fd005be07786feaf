/**
 * The area of vmalloc space that an address lies in or just behind, by lines of /proc/vmallocinfo in the same text.
 *
 * Source: Linux mm/vmalloc.c: s_show(); an area is as large as asked for and a guard page (without VM_NO_GUARD).
 */
import type { LogLine } from '../input/lines.js';
import { hex, plural } from '../render/amount.js';

const AREA =
  /\b0x([0-9a-f]{8,16})-0x([0-9a-f]{8,16})\s+\d+\s+(\S+(?: \[\w+\])?)(?:.*?\bpages=(\d+))?/;
const PAGE = 4096n;

export function vmallocAreaItems(lines: readonly LogLine[], address: bigint | undefined): string[] {
  if (address === undefined) return [];
  for (const { text } of lines) {
    const [, from, to, caller, pages] = AREA.exec(text) ?? [];
    if (from === undefined || to === undefined) continue;
    const [start, end] = [BigInt(`0x${from}`), BigInt(`0x${to}`)];
    if (address < start || address >= end + PAGE) continue;
    const area = `the area ${hex(start)} to ${hex(end)} of ${caller ?? 'somebody'}`;
    if (address >= end)
      return [
        `/proc/vmallocinfo: ${hex(address)} is ${plural(Number(address - end), 'byte')} behind ${area} and its guard page.`,
      ];
    const mapped = pages === undefined ? end - PAGE : start + BigInt(pages) * PAGE;
    return [
      address >= mapped
        ? `/proc/vmallocinfo: ${hex(address)} lies in the guard page of ${area}, ${plural(Number(address - mapped), 'byte')} behind the end of its ${pages === undefined ? 'memory' : plural(Number(pages), 'page')}: an overflow of that area.`
        : `/proc/vmallocinfo: ${hex(address)} lies in ${area}, ${plural(Number(address - start), 'byte')} from its start.`,
    ];
  }
  return [];
}
