/** Words of a struct page by the names of its fields. */
import type { Kernel } from '../../engine/machine/kernel.js';

const fieldsOf = (mm: Kernel): readonly (readonly [number, string])[] => [
  [mm.page.flags, 'flags'],
  [mm.page.lru, 'lru.next'],
  [mm.page.lru + mm.list_head.prev, 'lru.prev'],
  [mm.page.mapping, 'mapping'],
  [mm.page.index, 'index'],
  [mm.page.private, 'private'],
  [mm.page._mapcount, '_mapcount'],
  [mm.page._refcount, '_refcount'],
];

/** The field at a word of a struct page; `word N` where it has no name of its own. */
export function fieldOfPage(mm: Kernel, word: number): string {
  const field = fieldsOf(mm).find(([offset]) => offset >= 0 && offset === word);
  return field?.[1] ?? `word ${word}`;
}
