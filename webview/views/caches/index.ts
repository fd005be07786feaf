/** The view of the slab allocator's caches. */
import type { ViewKind } from '../../shell/view.js';
import { CachesView } from './cachesView.js';

export const cachesView: ViewKind = {
  name: 'caches',
  title: 'Caches',
  create: (host) => new CachesView(host),
};
