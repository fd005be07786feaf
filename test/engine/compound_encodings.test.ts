/** The three encodings of compound pages, on booted machines: what is where, what follows, what the free path notices. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import * as ordinary from '../../src/engine/entry/functions.js';
import * as kernel from '../../src/engine/entry/functions.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { KernelFault } from '../../src/engine/machine/events.js';
import { NULL, type Page } from '../../src/engine/machine/ctypes.js';
import { profileWith } from '../../src/engine/types/bundled.js';
import {
  COMPOUND_ENCODINGS,
  type CompoundEncoding,
} from '../../src/engine/types/compoundEncoding.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { pageFacts } from '../../src/engine/view/pageFacts.js';
import { random } from './random.js';
import { PAGE_FLAGS, setPageFlag } from '../../src/engine/view/pageFlags.js';

const ORDER = 3;

function boot(profile: ProfileName, compound: CompoundEncoding): KernelImage {
  return bootMachine({ profile: profileWith(profile, { compound }), ramBytes: 64 << 20 });
}

const machines: readonly (readonly [ProfileName, CompoundEncoding])[] = [
  ...COMPOUND_ENCODINGS.map((each) => ['i386-highmem4g-slub', each] as const),
  ['x86_64-slub', 'compound-head'],
  ['x86_64-slub', 'head-tail'],
];

const word = ({ mm }: KernelImage, cell: number): number => mm.words[cell] ?? 0;

/** A compound page: its pages. */
function compoundPage({ mm }: KernelImage): Page[] {
  const head = kernel.alloc_pages(mm, mm.GFP_KERNEL | mm.__GFP_COMP, ORDER);
  const pfn = mm.page_to_pfn(head);
  return Array.from({ length: 1 << ORDER }, (_, i) => mm.pfn_to_page(pfn + i));
}

const nth = (pages: readonly Page[], i: number): Page => pages[i] ?? NULL;

const reports = ({ tape }: KernelImage): string[] =>
  tape
    .marksBetween(0, tape.cursor + 1)
    .flatMap(({ event }) => (event.kind === 'bad-page' ? [event.reason] : []));

/** Flags of a head and of a tail as `%pGp` names them, without the zone. */
const FLAGS: Readonly<Record<CompoundEncoding, readonly [string, string]>> = {
  'compound-head': ['head', ''],
  'head-tail': ['head', 'tail'],
  'compound-reclaim': ['compound', 'compound|reclaim'],
};

for (const [profile, encoding] of machines)
  describe(`compound pages: ${encoding} on ${profile}`, () => {
    it('head and tails are told apart, and tails lead to their head', () => {
      const image = boot(profile, encoding);
      const { mm } = image;
      const [head = NULL, ...tails] = compoundPage(image);
      assert.ok(kernel.PageHead(mm, head) && !kernel.PageTail(mm, head));
      for (const tail of tails) {
        assert.ok(kernel.PageTail(mm, tail) && !kernel.PageHead(mm, tail));
        assert.ok(kernel.PageCompound(mm, tail));
        assert.equal(kernel.compound_head(mm, tail), head);
        const pointer = encoding === 'compound-head' ? mm.page.compound_head : mm.page.private;
        assert.equal(word(image, tail + pointer) & ~1, mm.va_low(head));
      }
      assert.equal(kernel.compound_order(mm, head), ORDER);
    });

    it('the text of the flags, the map and the facts of pages follow', () => {
      const image = boot(profile, encoding);
      const { mm } = image;
      const pages = compoundPage(image);
      const states = new FrameStates(image);
      const named = [nth(pages, 0), nth(pages, 2)].map(
        (page) => /\((.*?)\|?zone=\d\)/.exec(kernel.pageFlagsText(mm, page))?.[1],
      );
      assert.deepEqual(named, FLAGS[encoding]);
      const facts = pages.map((page) => pageFacts(image, states, mm.page_to_pfn(page)));
      assert.deepEqual(
        facts.map((each) => each?.kind),
        pages.map((_, i) => (i === 0 ? 'compoundHead' : 'compoundTail')),
      );
      for (const each of facts) {
        assert.ok(each !== undefined);
        assert.equal(each.headPfn, mm.page_to_pfn(nth(pages, 0)));
        assert.equal(each.order, ORDER);
      }
    });

    it('freed, nothing is left of it', () => {
      const image = boot(profile, encoding);
      const { mm } = image;
      const pages = compoundPage(image);
      kernel.put_page(mm, nth(pages, 3));
      kernel.drain_all_pages(mm, NULL);
      assert.deepEqual(reports(image), []);
      for (const page of pages) {
        assert.ok(!kernel.PageCompound(mm, page));
        assert.equal(word(image, page + mm.page.flags) & mm.PAGE_FLAGS_CHECK_AT_PREP, 0);
        assert.equal(mm.words[page + mm.page.mapping], 0);
      }
    });
  });

type Calls = Pick<typeof ordinary, 'alloc_pages' | '__free_pages' | 'drain_all_pages'>;

/** Allocates and frees at random, half of it compound pages; the pages it got. Sometimes a head or a tail is freed alone. */
function play(
  { mm }: KernelImage,
  calls: Calls,
  how: CompoundEncoding | 'freed wrongly, too',
): number[] {
  const below = random(7);
  const held: { page: Page; order: number }[] = [];
  const pfns: number[] = [];
  for (let i = 0; i < 3000; i++) {
    const order = below(3) === 0 ? below(5) : 0;
    if (below(2) === 0 && held.length > 0) {
      const [block] = held.splice(below(held.length), 1);
      if (block === undefined) continue;
      const wrongly = how === 'freed wrongly, too' && below(40) === 0;
      const tail = mm.pfn_to_page(mm.page_to_pfn(block.page) + below(1 << block.order));
      if (wrongly) calls.__free_pages(mm, tail, 0);
      else calls.__free_pages(mm, block.page, block.order);
      continue;
    }
    const gfp = mm.GFP_NOWAIT | (below(2) === 0 ? mm.__GFP_COMP : 0);
    const page = calls.alloc_pages(mm, gfp | mm.__GFP_NOWARN, order);
    pfns.push(page === NULL ? -1 : mm.page_to_pfn(page));
    if (page !== NULL) held.push({ page, order });
  }
  for (const { page, order } of held) calls.__free_pages(mm, page, order);
  calls.drain_all_pages(mm, NULL);
  return pfns;
}

describe('compound pages in the older encodings', () => {
  it('the same requests get the same pages as in the reference encoding', () => {
    const [reference, ...older] = COMPOUND_ENCODINGS.map((encoding) => {
      const image = boot('i386-highmem4g-slub', encoding);
      const pfns = play(image, kernel, encoding);
      assert.deepEqual(reports(image), []);
      return [pfns, kernel.proc_lines(image.mm, 'buddyinfo')];
    });
    assert.deepEqual(older, [reference, reference]);
  });

  it('the short way of small blocks leaves the tape that the ordinary one leaves', () => {
    for (const encoding of ['head-tail', 'compound-reclaim'] as const) {
      const tapes = [kernel, ordinary].map((calls) => {
        const image = boot('i386-highmem4g-slub', encoding);
        play(image, calls, 'freed wrongly, too');
        return [image.tape.end, image.tape.hash()];
      });
      assert.deepEqual(tapes[0], tapes[1]);
    }
  });

  it('a tail without its flag, or with another head, is reported and the block leaks', () => {
    for (const encoding of ['head-tail', 'compound-reclaim'] as const) {
      const image = boot('i386-highmem4g-slub', encoding);
      const { mm } = image;
      const pages = compoundPage(image);
      mm.write(
        nth(pages, 2) + mm.page.flags,
        word(image, nth(pages, 2) + mm.page.flags) & ~mm.encoding.tail_bits,
      );
      mm.write_ptr(nth(pages, 5) + mm.page.private, nth(pages, 1));
      const free = kernel.global_zone_page_state(mm, mm.NR_FREE_PAGES);
      kernel.__free_pages(mm, nth(pages, 0), ORDER);
      kernel.drain_all_pages(mm, NULL);
      assert.deepEqual(reports(image), ['PageTail not set', 'first_page not consistent']);
      // Less what other lists gave back: the block itself did not come.
      assert.ok(!kernel.PageBuddy(mm, nth(pages, 0)));
      assert.ok(kernel.global_zone_page_state(mm, mm.NR_FREE_PAGES) >= free);
    }
  });

  it('PG_reclaim on a head makes it look like a tail where PG_compound is shared', () => {
    const outcome = COMPOUND_ENCODINGS.map((encoding) => {
      const image = boot('i386-highmem4g-slub', encoding);
      const { mm } = image;
      const [head = NULL] = compoundPage(image);
      const reclaim = PAGE_FLAGS.find(({ uname }) => uname === 'Reclaim');
      assert.ok(reclaim !== undefined);
      setPageFlag(kernel, mm, reclaim, head);
      if (kernel.PageTail(mm, head))
        assert.throws(() => kernel.compound_head(mm, head), KernelFault);
      return [kernel.PageHead(mm, head), kernel.PageTail(mm, head)];
    });
    assert.deepEqual(outcome, [
      [true, false],
      [true, false],
      [false, true],
    ]);
  });
});
