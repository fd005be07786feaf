/** The view of page walks. */
import type { ViewKind } from '../../shell/view.js';
import { WalkView } from './walkView.js';

export const walkView: ViewKind = {
  name: 'walk',
  title: 'Page Walk',
  create: (host) => new WalkView(host),
};
