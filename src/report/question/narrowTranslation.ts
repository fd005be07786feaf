/**
 * virt_to_phys() and its like of an address of a 32-bit kernel: lowmem alone is mapped at PAGE_OFFSET + physical - PHYS_OFFSET; above it lie
 * vmalloc space, ioremap(), pkmap and the fixmap.
 *
 * Source: Linux arch/arm/include/asm/memory.h: __virt_to_phys(); arch/x86/include/asm/page.h: __pa(); Documentation/arch/arm/memory.rst.
 */
import { hex } from '../render/amount.js';
import type { Answer } from './answer.js';

/** 3 GiB for processes, as most kernels of 32 bits are built. */
const USUAL_PAGE_OFFSET = 0xc0000000n;
const MIB = 1n << 20n;

export function narrowTranslation(text: string, name: string): Answer | undefined {
  if (/\bffff[0-9a-f]{12}\b/i.test(text)) return undefined;
  const given = numberAfter(text, 'PAGE_OFFSET');
  const base = given ?? USUAL_PAGE_OFFSET;
  const shift = numberAfter(text, 'PHYS_OFFSET') ?? 0n;
  const lowmem =
    /\blow\s?mem(?:ory)?\b[^\n]{0,30}?(\d{2,4})\s?M(?:i?B)?\b|\b(\d{2,4})\s?MB LOWMEM/i.exec(text);
  const lowmemMib = lowmem?.[1] ?? lowmem?.[2];
  const end = base + BigInt(lowmemMib ?? 896) * MIB;
  const asked = [...text.matchAll(/\b0x([0-9a-f]{8})\b/gi)]
    .map((match) => BigInt(`0x${match[1] ?? '0'}`))
    .find((address) => address >= end && address > base);
  if (asked === undefined) return undefined;
  const physical = BigInt.asUintN(32, asked - base + shift);
  const isUser = /\bkmap\w*\s*\(/.test(text);
  return {
    topic: 'translation',
    headline: `${hex(asked)} is not in lowmem, so that ${name}() gives a number that means nothing.`,
    said: [
      `Lowmem is ${hex(base)} to ${hex(end)}; ${hex(asked)} lies above it: vmalloc space, where vmalloc(), vmap() and ioremap() map things page by page, or the slots of kmap().`,
    ],
    why: [
      `${name}() does not walk page tables: it subtracts PAGE_OFFSET${shift === 0n ? '' : ' and adds PHYS_OFFSET'}, whatever it is given. ${hex(asked)} - ${hex(base)}${shift === 0n ? '' : ` + ${hex(shift)}`} = ${hex(physical)}: something else is there, or nothing. CONFIG_DEBUG_VIRTUAL tells.`,
    ],
    helps: [
      isUser
        ? 'kmap_to_page() for an address that kmap() gave.'
        : 'vmalloc_to_page() or vmalloc_to_pfn(), page by page, for memory; of ioremap() the physical address is what was given to it. For DMA: dma_alloc_coherent(), or kmalloc() and dma_map_single().',
    ],
    facts: {
      address: hex(asked),
      addressKind: 'vmalloc',
      function: name,
      pageOffset: hex(base),
      physical: hex(physical),
      isKaslr: null,
      isStack: false,
    },
    assumed: [
      ...(given === undefined ? [`PAGE_OFFSET is taken as ${hex(base)}.`] : []),
      ...(lowmemMib === undefined ? ['Lowmem is taken as 896 MiB.'] : []),
    ],
  };
}

function numberAfter(text: string, name: string): bigint | undefined {
  const found = new RegExp(`\\b${name}\\s*[=:]?\\s*(?:is\\s+)?0x([0-9a-f]{1,8})\\b`, 'i').exec(
    text,
  )?.[1];
  return found === undefined ? undefined : BigInt(`0x${found}`);
}
