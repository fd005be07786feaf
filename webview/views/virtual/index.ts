/** The view of virtual address spaces. */
import type { ViewKind } from '../../shell/view.js';
import { VirtualView } from './virtualView.js';

export const virtualView: ViewKind = {
  name: 'virtual',
  title: 'Virtual',
  create: (host) => new VirtualView(host),
};
