/** The view of the free lists. */
import type { ViewKind } from '../../shell/view.js';
import { FreeView } from './freeView.js';

export const freeView: ViewKind = {
  name: 'free',
  title: 'Free Areas',
  create: (host) => new FreeView(host),
};
