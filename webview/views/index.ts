/** The views of the window Memory, in the order of their tabs. */
import type { ViewKind } from '../shell/view.js';
import { physicalView } from './physical/index.js';

export const VIEWS: readonly ViewKind[] = [physicalView];
