/** Who maps a frame by the kernel's reverse maps, as facts of where(). */
import { inspectedOf } from '../image/dump/inspectedOf.js';
import { isDumpError, Problems, type Inspected } from '../inspect/inspected.js';
import { areaName } from '../inspect/process/areaName.js';
import { rootOf } from '../inspect/process/filePath.js';
import { CountedPages } from '../inspect/process/pageCounts.js';
import { rmapOf, type RmapEntry } from '../inspect/process/rmap.js';
import { vmaAt } from '../inspect/tasks.js';
import type { PageFacts } from './pageFacts.js';
import type { Surveyor, WhereFact } from './whereIs.js';

/** More ways to one frame are counted, not listed. */
const MAX_LISTED = 16;

export function rmapFacts(
  { image }: Pick<Surveyor, 'image'>,
  { kind, pfn }: Pick<PageFacts, 'kind' | 'pfn'>,
): WhereFact[] {
  const mayBe = kind === 'user' || kind === 'pageCache' || kind === 'locked';
  const isPart = kind === 'compoundHead' || kind === 'compoundTail';
  return mayBe || isPart ? rmapOfFrame(inspectedOf(image), pfn) : [];
}

/** `prog (pid 94) at 0x7f26239f4000 in rw-p [heap]`, an area each. */
export function rmapOfFrame(k: Inspected, pfn: number): WhereFact[] {
  const problems = new Problems();
  try {
    const page = new CountedPages(k).of(pfn);
    if (page === undefined) return [];
    const entries = rmapOf(k, page, problems);
    const facts = entries
      .slice(0, MAX_LISTED)
      .map((entry) => ({ name: 'rmap', value: entryText(k, entry) }));
    const more = entries.length - facts.length;
    return more === 0 ? facts : [...facts, { name: 'rmap', value: `${more} more areas` }];
  } catch (error) {
    if (isDumpError(error)) return [{ name: 'rmap', value: error.message }];
    throw error;
  }
}

function entryText(k: Inspected, { vma, mm, va, tasks, isMapped }: RmapEntry): string {
  const [task] = tasks;
  const who =
    task === undefined
      ? `mm_struct ${k.hex(mm)}`
      : tasks.map(({ comm, pid }) => `${comm} (pid ${pid})`).join(', ');
  const name = new Problems().tried(
    'name',
    () => areaName(k, mm, vmaAt(k, vma), task && rootOf(k, task.at)),
    '',
  );
  const area = name === '' ? 'anonymous memory' : name;
  const now = isMapped ? '' : '; not mapped there now';
  return `${who} at ${k.hex(va)}, ${area}${now}`;
}
