/** Who maps a frame by the kernel's reverse maps, as facts of where(). */
import { inspectedOf } from '../image/dump/inspectedOf.js';
import { rmapTexts } from '../inspect/process/rmapText.js';
import type { PageFacts } from './pageFacts.js';
import type { Surveyor, WhereFact } from './whereIs.js';

export function rmapFacts(
  { image }: Pick<Surveyor, 'image'>,
  { kind, pfn }: Pick<PageFacts, 'kind' | 'pfn'>,
): WhereFact[] {
  const mayBe = kind === 'user' || kind === 'pageCache' || kind === 'locked';
  const isPart = kind === 'compoundHead' || kind === 'compoundTail';
  if (!mayBe && !isPart) return [];
  return rmapTexts(inspectedOf(image), pfn).map((value) => ({ name: 'rmap', value }));
}
