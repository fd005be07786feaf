/** What presenting the machine needs: the image, and readings of it that are kept up to date. */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { TypedMemory } from '../../engine/types/access.js';
import type { Profile } from '../../engine/types/profile.js';
import type { FrameStates } from '../../engine/view/frameStates.js';
import type { PagePeek } from '../../engine/view/pagePeek.js';
import type { Atlas } from '../../engine/view/atlas/atlas.js';
import { dumpAtlas } from '../../engine/view/atlas/dumpAtlas.js';
import { machineAtlas } from '../../engine/view/atlas/machineAtlas.js';
import { surveyorOf } from '../../engine/view/surveyor.js';
import type { Allocations, Surveyor } from '../../engine/view/whereIs.js';
import { NumberOrigins } from '../evaluation/numberOrigins.js';
import { errors } from '../protocol/errors.js';
import { typedMemory } from '../../engine/view/typedMemory.js';
import { freeAreaSpecial } from './freeArea.js';
import { pageFlagsSpecial, pageSpecial } from './page.js';
import { pageListSpecial } from './pageLists.js';
import { entrySpecial } from './pageTableEntry.js';
import { perCpuPagesSpecial } from './perCpuPages.js';
import type { Special, SpecialPlace, ValueContext } from './typedValue.js';
import { zoneFlagsSpecial, zoneSpecial } from './zone.js';

export interface MachineContext extends ValueContext {
  readonly image: KernelImage;
  readonly profile: Profile;
  readonly memory: TypedMemory;
  readonly states: FrameStates;
  readonly peek: PagePeek;
  /** Answers about addresses. */
  readonly surveyor: Surveyor;
  /** What pictures of virtual memory are made from; of a dump, too. */
  readonly atlas: Atlas;
}

/**
 * @param scenario its text
 * @param allocations who has allocated what, as far as the session knows
 */
export function machineContext(
  image: KernelImage,
  scenario?: string,
  allocations?: Allocations,
): MachineContext {
  const specials = new Map<string, Special>();
  const specialPlaces: SpecialPlace[] = [];
  const origins = new NumberOrigins(image.profile, scenario);
  const memory = typedMemory(image);
  const { profile } = image;
  const { dumped } = image;
  if (dumped !== undefined) {
    let atlas: Atlas | undefined;
    return Object.assign(
      Object.create(notOfDumps, {
        // Made when it is first asked for: its layout is read from the dump.
        atlas: { get: () => (atlas ??= dumpAtlas(image, dumped)) },
      }) as Pick<MachineContext, 'states' | 'peek' | 'surveyor' | 'atlas'>,
      {
        image,
        profile,
        memory,
        origins,
        specials,
        specialPlaces,
      },
    );
  }
  const surveyor = { ...surveyorOf(image), ...(allocations && { allocations }) };
  const context: MachineContext = {
    image,
    profile,
    memory,
    origins,
    states: surveyor.states,
    peek: surveyor.peek,
    surveyor,
    atlas: machineAtlas(surveyor),
    specials,
    specialPlaces,
  };
  specials.set('page', pageSpecial(context));
  specials.set('zone', zoneSpecial(context));
  specials.set('list_head', pageListSpecial(context));
  specials.set('free_area', freeAreaSpecial(context));
  specials.set('per_cpu_pages', perCpuPagesSpecial(context));
  specialPlaces.push(pageFlagsSpecial(context), zoneFlagsSpecial(context), entrySpecial(context));
  return context;
}

/** Readings that go by the facts of a known build. What is looked into by its own types has others: adapter/dump/. */
const notOfDumps = {
  get states(): FrameStates {
    throw errors.notOfDumps();
  },
  get peek(): PagePeek {
    throw errors.notOfDumps();
  },
  get surveyor(): Surveyor {
    throw errors.notOfDumps();
  },
};
