/** Where on its list a block is: from the nearer end, bounded for one answer, and the same as counting from the head. */
import assert from 'node:assert/strict';
import { bootMachine } from '../../src/engine/image/boot/bootMachine.js';
import type { KernelImage } from '../../src/engine/image/kernelImage.js';
import { __free_pages, alloc_pages } from '../../src/engine/entry/functions.js';
import type { ListHead, Page } from '../../src/engine/machine/ctypes.js';
import { loadProfile } from '../../src/engine/types/bundled.js';
import type { ProfileName } from '../../src/engine/types/profile.js';
import { FrameStates } from '../../src/engine/view/frameStates.js';
import { ListPlaces, MAX_STEPS, type ListPlace } from '../../src/engine/view/listPlace.js';
import { pageReport } from '../../src/engine/view/addressReport.js';
import { surveyorOf } from '../../src/engine/view/surveyor.js';
import { pcpList, zonePcp } from '../../src/engine/view/zoneLists.js';

const PROFILES: readonly ProfileName[] = [
  'x86_64-slub-smp',
  'i386-pae-slab',
  'i386-highmem4g-slub',
];

/** Every other page free: lists of ten thousand blocks. */
function inPieces(profile: ProfileName): KernelImage {
  const image = bootMachine({ profile: loadProfile(profile), ramBytes: 256 << 20 });
  const { mm } = image;
  const gfp = mm.GFP_HIGHUSER_MOVABLE;
  const pages: Page[] = [];
  for (let page = alloc_pages(mm, gfp, 0); page !== 0; page = alloc_pages(mm, gfp, 0))
    pages.push(page);
  for (const [i, page] of pages.entries()) if (i % 2 === 0) __free_pages(mm, page, 0);
  return image;
}

/** The members of a list from its head. */
function membersOf({ mm }: KernelImage, head: ListHead): Page[] {
  const pages: Page[] = [];
  for (let entry = mm.read_ptr(head); entry !== head; entry = mm.read_ptr(entry))
    pages.push((entry - mm.page.lru) as Page);
  return pages;
}

function longest(image: KernelImage): Page[] {
  const { mm } = image;
  const lists = mm.zones
    .filter((zone) => mm.read_ulong(zone + mm.zone.present_pages) > 0)
    .flatMap((zone) => {
      const heads = zone + mm.zone.free_area;
      return Array.from({ length: mm.MIGRATE_TYPES }, (_, mt) =>
        membersOf(image, (heads + mt * mm.stride.list_head) as ListHead),
      );
    });
  return lists.reduce((a, b) => (b.length > a.length ? b : a));
}

const indexIn = (place: ListPlace | undefined, length: number): number | undefined => {
  if (place === undefined || place.kind === 'far') return undefined;
  const { position } = place;
  return 'fromHead' in position ? position.fromHead : length - 1 - position.fromTail;
};

for (const profile of PROFILES)
  describe(`places on long lists: ${profile}`, function () {
    let image: KernelImage;
    let list: Page[];
    before(() => {
      image = inPieces(profile);
      list = longest(image);
      assert.ok(list.length > 3 * MAX_STEPS, `${list.length} blocks`);
    });

    it('are counted from the nearer end; what is far is said to be, and found when it is asked again', () => {
      const places = new ListPlaces(image);
      for (const index of [
        0,
        1,
        100,
        MAX_STEPS - 1,
        MAX_STEPS,
        MAX_STEPS + 1,
        list.length >> 1,
        list.length - MAX_STEPS - 1,
        list.length - 2,
        list.length - 1,
      ]) {
        const page = list[index] as Page;
        let place = places.of(page);
        const nearest = Math.min(index, list.length - 1 - index);
        for (let asked = 1; place?.kind === 'far'; asked++) {
          assert.equal(place.deeperThan, asked * MAX_STEPS, `${index}`);
          assert.ok(nearest >= place.deeperThan, `${index} is not far`);
          place = places.of(page);
        }
        assert.equal(place?.kind, 'free list');
        assert.equal(indexIn(place, list.length), index);
      }
    });

    it('are told in words', () => {
      const surveyor = surveyorOf(image);
      const list0 = (page: Page | undefined): string => {
        const report = pageReport(surveyor, image.mm.page_to_pfn(page as Page));
        return report.where?.facts.find(({ name }) => name === 'list')?.value ?? '';
      };
      assert.match(
        list0(list[0]),
        /free_list\[MIGRATE_MOVABLE\], position 0 \(the head: taken next\)$/,
      );
      assert.match(list0(list.at(-1)), /, the last$/);
      assert.match(list0(list.at(-8)), /, position 7 from the tail$/);
      const middle = list[list.length >> 1];
      assert.match(
        list0(middle),
        /free_area\[0\]\.free_list\[MIGRATE_MOVABLE\], more than 8192 blocks from both ends/,
      );
      assert.match(list0(middle), /more than 16384|position/);
      const { mm } = image;
      const pcp = mm.zones.flatMap((zone) =>
        mm.read_ulong(zone + mm.zone.present_pages) === 0
          ? []
          : membersOf(image, pcpList(mm, zonePcp(mm, zone, 0), mm.MIGRATE_MOVABLE)),
      );
      assert.match(
        list0(pcp[0]),
        /^CPU 0, zone \w+, per_cpu_pages\.lists\[\d+\] \(order 0\), position 0/,
      );
    });

    it('one frame alone is of the kind that its region is classified with', () => {
      const all = new FrameStates(image).cells(0, 1, image.maxPfn);
      const alone = new FrameStates(image);
      for (let pfn = 0; pfn < image.maxPfn; pfn++)
        assert.equal(alone.stateOf(pfn), all[pfn], `pfn 0x${pfn.toString(16)}`);
    });
  });
