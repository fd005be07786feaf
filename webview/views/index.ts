/** The views of the window Memory, in the order of their tabs. */
import type { ViewKind } from '../shell/view.js';
import { cachesView } from './caches/index.js';
import { freeView } from './free/index.js';
import { physicalView } from './physical/index.js';
import { virtualView } from './virtual/index.js';
import { walkView } from './walk/index.js';

export const VIEWS: readonly ViewKind[] = [
  physicalView,
  virtualView,
  walkView,
  freeView,
  cachesView,
];
