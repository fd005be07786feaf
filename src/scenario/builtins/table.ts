/** Every builtin, by name: the one table for the checker, the machine, completion, hover and the documentation. */
import { addresses } from './addresses.js';
import { atomics } from './atomics.js';
import { bits } from './bits.js';
import type { Builtin } from './builtin.js';
import { completions } from './completions.js';
import { checking } from './checking.js';
import { clocks } from './clocks.js';
import { contiguous } from './contiguous.js';
import { counters } from './counters.js';
import { dma } from './dma.js';
import { folios } from './folios.js';
import { highmem } from './highmem.js';
import { hrtimers } from './hrtimers.js';
import { interrupts } from './interrupts.js';
import { kthreads } from './kthreads.js';
import { listPointers } from './listPointers.js';
import { lists } from './lists.js';
import { locks } from './locks.js';
import { mappedMemory } from './mappedMemory.js';
import { memory } from './memory.js';
import { numbers } from './numbers.js';
import { output } from './output.js';
import { page, pageFlags } from './page.js';
import { pageTests } from './pageTests.js';
import { hexDumps } from './hexDumps.js';
import { texts } from './texts.js';
import { pageTables } from './pageTables.js';
import { pageAllocator } from './pages.js';
import { processList } from './processList.js';
import { pageWalks } from './pageWalks.js';
import { pools } from './pools.js';
import { percpu } from './percpu.js';
import { rbtrees } from './rbtrees.js';
import { rcu } from './rcu.js';
import { rhashtables } from './rhashtables.js';
import { sharedLocks } from './rwlocks.js';
import { waiting } from './waiting.js';
import { waitQueues } from './waitQueues.js';
import { kmallocFamily } from './slab.js';
import { shrinkers } from './shrinkers.js';
import { slabCaches } from './slabCaches.js';
import { scatterlists } from './scatterlists.js';
import { scanning } from './scanning.js';
import { programClocks } from './libc/clock.js';
import { programSignals } from './libc/signals.js';
import { signals } from './signals.js';
import { sleepableRcu } from './srcu.js';
import { sorting } from './sorting.js';
import { strings } from './strings.js';
import { sysctls } from './sysctls.js';
import { sysfsFiles } from './sysfs.js';
import { tasks } from './tasks.js';
import { mallocs } from './libc/malloc.js';
import { stdio } from './libc/stdio.js';
import { stdlib } from './libc/stdlib.js';
import { streams } from './libc/streams.js';
import { userAreas } from './user/areas.js';
import { timersAndTasklets } from './timers.js';
import { laterCalls } from './works.js';
import { charDevices } from './user/charDevices.js';
import { drivers } from './user/devices.js';
import { userCopies } from './user/copies.js';
import { files } from './user/files.js';
import { attributes } from './user/attributes.js';
import { managed } from './user/managed.js';
import { platform } from './user/platform.js';
import { pins } from './user/pins.js';
import { polls } from './user/polls.js';
import { processes } from './user/processes.js';
import { debugFiles } from './user/debugFiles.js';
import { procFiles } from './user/procFiles.js';
import { seqFiles } from './user/seqFiles.js';
import { xarrays } from './xarrays.js';
import { vmallocs } from './vmalloc.js';

export const allBuiltins: readonly Builtin[] = [
  ...pageAllocator,
  ...contiguous,
  ...kmallocFamily,
  ...slabCaches,
  ...shrinkers,
  ...vmallocs,
  ...mappedMemory,
  ...highmem,
  ...percpu,
  ...counters,
  ...dma,
  ...pools,
  ...scatterlists,
  ...page,
  ...pageFlags,
  ...folios,
  ...pageTests,
  ...addresses,
  ...pageTables,
  ...pageWalks,
  ...lists,
  ...listPointers,
  ...rbtrees,
  ...rhashtables,
  ...xarrays,
  ...memory,
  ...strings,
  ...texts,
  ...scanning,
  ...numbers,
  ...clocks,
  ...sorting,
  ...checking,
  ...output,
  ...hexDumps,
  ...tasks,
  ...kthreads,
  ...laterCalls,
  ...timersAndTasklets,
  ...hrtimers,
  ...interrupts,
  ...signals,
  ...programSignals,
  ...programClocks,
  ...sysctls,
  ...sysfsFiles,
  ...processes,
  ...processList,
  ...stdio,
  ...stdlib,
  ...streams,
  ...mallocs,
  ...userAreas,
  ...userCopies,
  ...files,
  ...charDevices,
  ...polls,
  ...procFiles,
  ...seqFiles,
  ...debugFiles,
  ...managed,
  ...platform,
  ...attributes,
  ...drivers,
  ...pins,
  ...locks,
  ...sharedLocks,
  ...completions,
  ...waiting,
  ...waitQueues,
  ...rcu,
  ...sleepableRcu,
  ...atomics,
  ...bits,
];

const byName: ReadonlyMap<string, Builtin> = new Map(
  allBuiltins.map((builtin) => [builtin.name, builtin]),
);

export const findBuiltin = (name: string): Builtin | undefined => byName.get(name);
