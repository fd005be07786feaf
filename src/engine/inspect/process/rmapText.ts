/** Who maps a frame by the kernel's reverse maps, in words. */
import { counted } from '../../view/counted.js';
import { isDumpError, Problems, type Inspected } from '../inspected.js';
import { vmaAt } from '../tasks.js';
import { areaName } from './areaName.js';
import { rootOf } from './filePath.js';
import { CountedPages } from './pageCounts.js';
import { rmapOf, type RmapEntry } from './rmap.js';

/** More ways to one frame are counted, not listed. */
const MAX_LISTED = 16;

/** `prog (pid 94) at 0x7f26239f4000 in rw-p [heap]`, an area each. */
export function rmapTexts(k: Inspected, pfn: number): string[] {
  const problems = new Problems();
  try {
    const page = new CountedPages(k).of(pfn);
    if (page === undefined) return [];
    const entries = rmapOf(k, page, problems);
    const facts = entries.slice(0, MAX_LISTED).map((entry) => entryText(k, entry));
    const more = entries.length - facts.length;
    return more === 0 ? facts : [...facts, counted(more, 'more area')];
  } catch (error) {
    if (isDumpError(error)) return [error.message];
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
