/**
 * Which page it is: the pfn that is printed, or the one that the address of the struct page gives, in a vmemmap whose base is known.
 *
 * Source: Documentation/x86/x86_64/mm.rst: vmemmap begins at ffffea0000000000 without KASLR (4 levels), ffd4000000000000 (5 levels).
 */
import { hex, plural } from '../render/amount.js';
import type { PageDump } from './pageDump.js';

export interface PagePlace {
  readonly pfn?: number;
  readonly structSize?: number;
  readonly vmemmapBase?: bigint;
  readonly items: readonly string[];
  readonly assumed: readonly string[];
}

const VMEMMAP = 0xffffea0000000000n;

/** @param texts all lines: one may tell the page's address or the base. */
export function pagePlace(dump: PageDump, bits: 32 | 64, texts: readonly string[]): PagePlace {
  const items: string[] = [];
  if (dump.isHashed)
    items.push(
      'The address that is printed for the page is a hash of it (%p; "(____ptrval____)" before the key of the hash is there): only the pfn tells which page it is.',
    );
  const address = dump.address ?? addressIn(texts);
  const told = baseIn(texts);
  const { pfn } = dump;
  if (address !== undefined && bits === 64 && pfn !== undefined)
    return {
      pfn,
      ...ofPair(address, pfn, dump.raw.length * 8),
      items: [...items, ...pairItems(address, pfn, dump.raw.length * 8)],
      assumed: [],
    };
  if (address !== undefined && bits === 64) {
    const base =
      told ?? (address >= VMEMMAP && address < VMEMMAP + (1n << 40n) ? VMEMMAP : undefined);
    const size = dump.raw.length === 7 ? 56 : 64;
    if (base !== undefined && (address - base) % BigInt(size) === 0n) {
      const found = Number((address - base) / BigInt(size));
      return {
        pfn: found,
        structSize: size,
        vmemmapBase: base,
        items: [...items, `pfn = (${hex(address)} - ${hex(base)}) / ${size} = ${hex(found)}.`],
        assumed:
          told === undefined ? ['vmemmap begins at 0xffffea0000000000, as without KASLR.'] : [],
      };
    }
    if (base !== undefined)
      items.push(
        `${hex(address)} is not a multiple of ${plural(size, 'byte')} above ${hex(base)}: it is not the address of a struct page.`,
      );
  }
  return { ...(pfn === undefined ? {} : { pfn }), items, assumed: [] };
}

function ofPair(
  address: bigint,
  pfn: number,
  rawBytes: number,
): { structSize?: number; vmemmapBase?: bigint } {
  const size = sizeOf(address, pfn, rawBytes);
  return size === undefined
    ? {}
    : { structSize: size, vmemmapBase: address - BigInt(pfn) * BigInt(size) };
}

/** The size of struct page that makes a plausible base of the pair; what the raw words say comes first. */
function sizeOf(address: bigint, pfn: number, rawBytes: number): number | undefined {
  const sizes = [rawBytes, 64, 56, 72, 80].filter((size) => size >= 56);
  return sizes.find((size) => ((address - BigInt(pfn) * BigInt(size)) & 0x3fffffffn) === 0n);
}

function pairItems(address: bigint, pfn: number, rawBytes: number): string[] {
  const { structSize, vmemmapBase } = ofPair(address, pfn, rawBytes);
  if (structSize === undefined || vmemmapBase === undefined) return [];
  const note =
    vmemmapBase === VMEMMAP
      ? 'the address and the pfn agree'
      : 'this boot randomised where vmemmap begins (KASLR)';
  return [
    `${hex(address)} = vmemmap ${hex(vmemmapBase)} + ${hex(pfn)} * ${structSize}: ${note}, with ${plural(structSize, 'byte')} a struct page.`,
  ];
}

function addressIn(texts: readonly string[]): bigint | undefined {
  for (const text of texts) {
    const found =
      /\b(?:struct )?page(?: is)?(?: at| @|:| =)\s*(?:\(struct page \*\)\s*)?(?:0x)?([0-9a-f]{16})\b/i.exec(
        text,
      )?.[1];
    if (found !== undefined) return BigInt(`0x${found}`);
  }
  return undefined;
}

export function baseIn(texts: readonly string[]): bigint | undefined {
  for (const text of texts) {
    const found =
      /\bvmemmap(?:_base)?(?: base)?\s*(?:[:=]|is|at|begins at)?\s*(?:0x)?([0-9a-f]{16})\b/i.exec(
        text,
      )?.[1];
    if (found !== undefined) return BigInt(`0x${found}`);
  }
  return undefined;
}
