/** The view of physical memory. */
import type { ViewKind } from '../../shell/view.js';
import { PhysicalView } from './physicalView.js';

export const physicalView: ViewKind = {
  name: 'physical',
  title: 'Physical',
  create: (host) => new PhysicalView(host),
};
