/** Words of a struct page by the names of its fields. */
import type { Mm } from '../../engine/machine/mm.js';

const fieldsOf = (mm: Mm): readonly (readonly [number, string])[] => [
  [mm.page_flags, 'flags'],
  [mm.page_lru, 'lru.next'],
  [mm.page_lru + mm.list_prev, 'lru.prev'],
  [mm.page_mapping, 'mapping'],
  [mm.page_index, 'index'],
  [mm.page_private, 'private'],
  [mm.page_mapcount, '_mapcount'],
  [mm.page_refcount, '_refcount'],
];

/** The field at a word of a struct page; `word N` where it has no name of its own. */
export function fieldOfPage(mm: Mm, word: number): string {
  const field = fieldsOf(mm).find(([offset]) => offset >= 0 && offset === word);
  return field?.[1] ?? `word ${word}`;
}
