/** Which file a frame is of, and who maps it by the kernel's reverse maps, as facts of where(). */
import { inspectedOf } from '../image/dump/inspectedOf.js';
import { fileOfFrame } from '../inspect/process/fileOfPage.js';
import { rmapTexts } from '../inspect/process/rmapText.js';
import type { PageFacts } from './pageFacts.js';
import type { Surveyor, WhereFact } from './whereIs.js';

type Asked = Pick<PageFacts, 'kind' | 'pfn'>;

const mayHaveMapping = ({ kind }: Asked): boolean =>
  ['user', 'pageCache', 'locked', 'compoundHead', 'compoundTail'].includes(kind);

export function fileFacts(image: Surveyor['image'], page: Asked): WhereFact[] {
  const value = mayHaveMapping(page) ? fileOfFrame(inspectedOf(image), page.pfn) : undefined;
  return value === undefined ? [] : [{ name: 'file', value }];
}

export function rmapFacts({ image }: Pick<Surveyor, 'image'>, page: Asked): WhereFact[] {
  if (!mayHaveMapping(page)) return [];
  const { pfn } = page;
  return rmapTexts(inspectedOf(image), pfn).map((value) => ({ name: 'rmap', value }));
}
