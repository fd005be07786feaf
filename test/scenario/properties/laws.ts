/** All laws of memory, at the place where a machine stands: free lists, address spaces, pages, the pool of huge pages, and what views tell. */
import assert from 'node:assert/strict';
import { inspectedOf } from '../../../src/engine/image/dump/inspectedOf.js';
import { FrameStates } from '../../../src/engine/view/frameStates.js';
import type { ScenarioVm } from '../../../src/scenario/index.js';
import { checkFreeLists } from './freeLists.js';
import { checkPool } from './hugePool.js';
import { PageChecks, type Sums } from './pages.js';
import { checkSpaces } from './spaces.js';
import { checkTold } from './told.js';

export class Laws {
  private readonly pages: PageChecks;
  private readonly states: FrameStates;
  private readonly isFree: Uint8Array;
  private sums: Sums | undefined;
  /** Pages that were mapped by single entries at one place, at most. */
  mostMapped = 0;

  constructor(private readonly vm: ScenarioVm) {
    const { image } = vm;
    this.pages = new PageChecks(vm);
    this.states = new FrameStates(image);
    this.isFree = new Uint8Array(image.mm.memmap.endPfn + 2 ** image.mm.MAX_ORDER);
  }

  /**
   * @param isSlow also what views tell of every page
   * @throws AssertionError that names the first law that is broken
   */
  check(isSlow: boolean): void {
    const { vm, isFree } = this;
    const { image } = vm;
    isFree.fill(0);
    checkFreeLists(image.mm, image.nrCpus, isFree);
    const mappings = checkSpaces(vm);
    this.mostMapped = Math.max(this.mostMapped, mappings.small.size);
    // What it has read it does not read again: one for each place.
    const inspected = inspectedOf(image);
    const now = this.pages.check(inspected, mappings, isFree);
    this.sums ??= now;
    assert.deepEqual(now, this.sums, 'counters of the node, less what the pages say');
    checkPool(vm);
    if (!isSlow) return;
    checkTold(vm, inspected, mappings);
    assert.deepEqual(
      this.states.cells(0, 1, image.maxPfn),
      new FrameStates(image).cells(0, 1, image.maxPfn),
      'states of frames, kept up to date and read anew',
    );
  }
}
