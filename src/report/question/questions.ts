/**
 * Situations that people describe in words, with a few lines of a log: what happens to references, and what a translation gives.
 *
 * A situation is told by the functions and numbers that the text has, not by its sentences. What is answered is what Linux does; what the text
 * does not show stays open.
 */
import type { Context } from '../context.js';
import { addressKind } from '../facts/kernelAddress.js';
import { sections, type Finding } from '../finding.js';
import { kernelOf, kernelText } from '../input/reportKernel.js';
import { isAtLeast, type KernelVersion } from '../input/version.js';
import { capital, hex, plural } from '../render/amount.js';
import type { Answer } from './answer.js';
import { narrowTranslation } from './narrowTranslation.js';
import { translationPair, type TranslationPair } from './translation.js';

export function questionFindings(context: Context): Finding[] {
  const { lines, input, given } = context;
  const text = lines.map((line) => line.text).join('\n');
  const kernel = kernelOf(lines, 0, lines.length - 1, given);
  return [
    translation(text, kernel.version),
    tailPages(text),
    pinAndFork(text),
    pinBalance(text),
  ].flatMap((answer): Finding[] =>
    answer
      ? [
          {
            kind: 'question',
            headline: answer.headline,
            place: { input, firstLine: 1, lastLine: Math.max(1, lines.length) },
            kernel,
            sections: sections(
              [
                'What it says',
                [
                  ...(kernel.source === 'report' ? [`${capital(kernelText(kernel))}.`] : []),
                  ...answer.said,
                ],
              ],
              ['Why', answer.why],
              ['What helps', answer.helps],
            ),
            assumed: answer.assumed ?? [],
            facts: { topic: answer.topic, ...answer.facts },
          },
        ]
      : [],
  );
}

const LINEAR =
  /\b(virt_to_phys|virt_to_page|virt_to_bus|__pa|virt_addr_valid|sg_init_one|sg_set_buf|dma_map_single|page_to_phys|phys_to_virt)\b/;

/** An address outside of the direct map was given to a function that only subtracts PAGE_OFFSET. */
function translation(text: string, version: KernelVersion | undefined): Answer | undefined {
  const used = LINEAR.exec(text)?.[1];
  const narrow = used === undefined ? undefined : narrowTranslation(text, used);
  if (narrow) return narrow;
  const pair = translationPair(text);
  if (used === undefined && !pair) return undefined;
  const addresses = [...text.matchAll(/\b(?:0x)?(ffff[0-9a-f]{12})\b/gi)].map((match) =>
    BigInt(`0x${match[1] ?? '0'}`),
  );
  const bases = { ...(version ? { version } : {}), ...(pair ? { pageOffset: pair.base } : {}) };
  const asked =
    pair?.virtual ??
    addresses.find(
      (address) => !['direct-map', 'vmemmap'].includes(addressKind(address, 64, bases).kind),
    );
  if (asked === undefined) return undefined;
  const told = addressKind(asked, 64, bases);
  if (told.kind === 'direct-map' || told.kind === 'vmemmap') return undefined;
  const isStack = /\bstack\b/i.test(text) && told.kind === 'vmalloc';
  const base = pair?.base ?? defaultBase(version);
  const physical = BigInt.asUintN(64, asked - base);
  const name = used ?? 'virt_to_phys';
  return {
    topic: 'translation',
    headline: `${hex(asked)} is not in the direct map (it is ${isStack ? 'a stack in vmalloc space' : told.text.replace(/ \(.*$/, '').replace(/:.*$/, '')}), so that ${name}() gives a number that means nothing.`,
    said: [`${hex(asked)}: ${told.text}.`, ...(pair ? pairItems(pair) : [])],
    why: [
      `${name}() does not walk page tables: it subtracts PAGE_OFFSET, whatever it is given. ${hex(asked)} - ${hex(base)} = ${hex(physical)}${pair ? '' : ' (PAGE_OFFSET without KASLR)'}: no memory is there.`,
      ...(pair && !isDefault(pair.base)
        ? [
            `Without KASLR it would have been ${hex(BigInt.asUintN(64, asked - NEW_BASE))} (PAGE_OFFSET ${hex(NEW_BASE)}, since 4.20 and in stable kernels of that year; ${hex(BigInt.asUintN(64, asked - OLD_BASE))} with the ${hex(OLD_BASE)} of before).`,
          ]
        : []),
      ...(told.kind === 'cpu-entry-area'
        ? [
            'Since 4.14/4.15 the IDT (a read-only alias) and the GDT are reached through the CPU entry area: SIDT and SGDT give its addresses, which are mapped page by page.',
          ]
        : []),
      ...(isStack
        ? [
            'With CONFIG_VMAP_STACK (since 4.9) stacks of tasks lie in vmalloc space: a variable on the stack has no direct-map address, and virt_to_page(), sg_init_one() or dma_map_single() of it take a wrong page. CONFIG_DEBUG_VIRTUAL or CONFIG_DEBUG_SG tells.',
          ]
        : []),
      ...(told.kind === 'vmalloc' && !isStack
        ? [
            'Pages of vmalloc space are single frames that lie anywhere: only the page tables tell which.',
          ]
        : []),
    ],
    helps: [
      told.kind === 'vmalloc'
        ? 'vmalloc_to_page() or vmalloc_to_pfn(), page by page; for DMA use memory of kmalloc() or alloc_pages(), never of the stack or of vmalloc().'
        : 'slow_virt_to_phys(), or a walk of the page tables (lookup_address()).',
    ],
    facts: {
      address: hex(asked),
      addressKind: told.kind,
      function: name,
      pageOffset: hex(base),
      isKaslr: pair ? !isDefault(pair.base) : null,
      physical: hex(physical),
      withoutKaslr: hex(BigInt.asUintN(64, asked - NEW_BASE)),
      isStack,
    },
    assumed: pair ? [] : ['PAGE_OFFSET is taken as without KASLR: the text does not give it away.'],
  };
}

const pairItems = ({ virtual, physical, base }: TranslationPair): string[] => [
  `${hex(virtual)} - ${hex(physical)} = ${hex(base)}: page_offset_base of ${isDefault(base) ? 'a boot without KASLR' : 'this boot (KASLR)'}. The physical address was made by subtracting it.`,
];

const isDefault = (base: bigint): boolean => base === NEW_BASE || base === OLD_BASE;

/** PAGE_OFFSET without KASLR, since 4.20 (d52888aa2753), also in stable kernels of 4.19 and 4.14; and before. */
const NEW_BASE = 0xffff888000000000n;
const OLD_BASE = 0xffff880000000000n;
const defaultBase = (version: KernelVersion | undefined): bigint =>
  version && !isAtLeast(version, [4, 14, 0]) ? OLD_BASE : NEW_BASE;

/** Pages of a block that was taken without __GFP_COMP go to user space one by one. */
function tailPages(text: string): Answer | undefined {
  const order = Number(
    /\b(?:alloc_pages(?:_node)?|__get_free_pages)\s*\([^;\n]*?,\s*(\d{1,2})\s*\)/.exec(text)?.[1] ??
      /\border[- ](\d{1,2})\b/i.exec(text)?.[1] ??
      0,
  );
  const isHigh = order > 0 || /\bget_order\s*\(/.test(text);
  const isMapped =
    /\b(?:vmf->page|vmf\.page|nopage|vm_insert_page|vm_insert_pages|munmap|\.fault\b|fault handler|get_page|put_page)\b/.test(
      text,
    );
  if (
    !isHigh ||
    !isMapped ||
    !/\b(?:alloc_pages|__get_free_pages|dma_alloc_coherent|order)\b/.test(text)
  )
    return undefined;
  const isCompound = /__GFP_COMP/.test(text) && !/\b(?:no|without)\s+__GFP_COMP/i.test(text);
  if (isCompound || /\bsplit_page\b/.test(text)) return undefined;
  const count = 2 ** order;
  return {
    topic: 'tail-pages',
    headline: `Only the first page of an order-${order} block has a reference: the others are freed at munmap() while the driver still owns them.`,
    said: [
      `An order-${order} block: ${plural(count, 'page')}; without __GFP_COMP their counts are 1${', 0'.repeat(Math.min(count - 1, 7))}.`,
    ],
    why: [
      `alloc_pages() gives a reference to the first page alone. Pages 1 to ${count - 1} have count 0: a fault (get_page) raises one to 1, munmap() drops it to 0 again and so frees that page, although the driver still owns it. The allocator hands it to somebody else: "Bad page state", and data of others in the buffer.`,
      'Later the driver frees the block of which some pages are free already, or in use by others: a double free.',
    ],
    helps: [
      'With __GFP_COMP references to a tail go to the head (compound_head()): its count is 1 again when all faults and unmaps are over, and the block is freed once.',
      'Or split_page() right after the allocation: each page has a reference of its own and is freed by itself (__free_page).',
      'Or map it without counting: remap_pfn_range() or vmf_insert_pfn() (VM_PFNMAP): nothing is taken, nothing is put.',
    ],
    facts: {
      order,
      pages: count,
      countsBefore: Array.from({ length: Math.min(count, 64) }, (_, at) => (at === 0 ? 1 : 0)),
      freedByMunmap: count - 1,
      isCompound: false,
    },
  };
}

/** Pages that a device writes to, in a process that forks. */
function pinAndFork(text: string): Answer | undefined {
  const pins =
    /\b(?:get_user_pages\w*|pin_user_pages\w*|O_DIRECT|RDMA|ibv_reg_mr|vfio|io_uring_register)\b/.exec(
      text,
    )?.[0];
  if (
    pins === undefined ||
    !/\b(?:fork|clone|copy[- ]on[- ]write|COW|child|system\(|popen)\b/i.test(text)
  )
    return undefined;
  const isPin = pins.startsWith('pin_user_pages');
  return {
    topic: 'pin-and-fork',
    headline:
      'After fork() the parent and the device see different pages: the write that breaks copy-on-write gives the parent a new page, and the device keeps the old one.',
    said: [`Pages are taken with ${pins}, and the process forks.`],
    why: [
      'fork() makes anonymous pages read-only in parent and child. The first write of the parent gets a copy: its page table then points to a new page, while the device still has the reference (and the DMA address) of the old one, which the child has now. The device writes where the parent no longer looks.',
      isPin
        ? 'pin_user_pages() adds 1024 to the count (GUP_PIN_COUNTING_BIAS), so that fork() sees that the page may be pinned (page_maybe_dma_pinned()) and copies it for the child at once (since 5.9/5.12); FOLL_LONGTERM pins stay exclusive to the parent (PG_anon_exclusive, 5.19).'
        : 'get_user_pages() only raises the count by 1: fork() cannot tell it from an ordinary reference.',
    ],
    helps: [
      'madvise(MADV_DONTFORK) on the buffer before fork(), or no fork() while pages are taken (vfork() or posix_spawn() with exec).',
      'pin_user_pages(FOLL_LONGTERM) in the driver instead of get_user_pages(); unpin_user_page() gives it back, not put_page().',
    ],
    facts: { function: pins, isPin },
  };
}

/** GUP_PIN_COUNTING_BIAS. */
const PIN = 1024;

/** Pins that are given back by the wrong function. */
function pinBalance(text: string): Answer | undefined {
  const taken = /\b((?:pin|get)_user_pages\w*)/.exec(text)?.[1];
  if (taken === undefined || /\bfork\b/i.test(text)) return undefined;
  const isPin = taken.startsWith('pin');
  const count = Number(
    /\b(?:page_count|refcount|page count|count)\W{0,4}(?:is |= ?|of )?(\d{4,7})\b/i.exec(
      text,
    )?.[1] ?? 0,
  );
  const putsPages = /\bput_page\b/.test(text);
  const unpins = /\bunpin_user_pages?\w*\s*\(/.test(text) && !/instead of unpin/i.test(text);
  if (!(isPin && putsPages && !unpins) && count < PIN) return undefined;
  const pins = Math.floor(count / PIN);
  return {
    topic: 'pin-balance',
    headline:
      isPin && putsPages
        ? `Each page stays pinned: ${taken}() adds ${PIN} to the count, and put_page() takes off 1.`
        : `A count of ${count} is ${pins} ${pins === 1 ? 'pin' : 'pins'} and ${plural(count % PIN, 'other reference')}.`,
    said:
      count >= PIN
        ? [
            `Count ${count} = ${pins} * ${PIN} + ${count % PIN}: pin_user_pages() adds ${PIN} for each pin (GUP_PIN_COUNTING_BIAS); pages of a large compound page count pins in a word of their own (5.8).`,
          ]
        : [],
    why: [
      'What pin_user_pages() took, unpin_user_page() has to give back (1024 and all); what get_user_pages() took, put_page(). Mixed, the count never comes to 0 and the page leaks, or it comes to 0 too early and the page is freed while a device still writes to it.',
      'A pinned page cannot be moved or reclaimed: page_maybe_dma_pinned() is true for any count of 1024 and more.',
    ],
    helps: ['unpin_user_pages(), or unpin_user_pages_dirty_lock() where the device wrote.'],
    facts: { function: taken, count, pins, otherReferences: count % PIN, isPin, putsPages },
  };
}
