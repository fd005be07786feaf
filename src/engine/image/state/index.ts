/** Recorded states of real kernels: reading them, rebuilding the machine, writing an image in their form. */
export { checksumText } from './checksum.js';
export { dumpCma, loadCma } from './cmaDump.js';
export { freshCaches } from './freshCaches.js';
export { dumpMemmap, dumpZones, pageAddress } from './dumps.js';
export { loadVmalloc } from './loadVmalloc.js';
export { isSmallForHugePages, prepareLists } from './unrecorded.js';
export { giveNext, onLentMemory } from './lentMemory.js';
export { SPARE_FOR_AREAS, spareObjects, spareSizes } from './spareObjects.js';
export { vmallocHead, vmallocLines } from './vmallocDump.js';
export { impliedMemmap } from './impliedMemmap.js';
export { type MemmapRuns, parseMemmap } from './memmapDump.js';
export { openState, type StateImage } from './openState.js';
export { loadLru, lruHead, lruLines } from './lruDump.js';
export { pageLine, pageStateText } from './pageLine.js';
export { loadPkmap, pkmapHead, pkmapLines } from './pkmapDump.js';
export { freeListName, pcpListName, readZones } from './readZones.js';
export {
  findState,
  isOfStart,
  profileOfState,
  StateFinder,
  type RecordedState,
} from './recordedState.js';
export { expandSequence, formatSequence } from './sequence.js';
export { loadTables, tableFrames } from './tablesDump.js';
export {
  opText,
  readTrace,
  TraceError,
  type TraceDump,
  type TraceItem,
  type TraceOp,
} from './trace.js';
export type * from './zonesDump.js';
export { parseZones, zonesLines } from './zonesText.js';
export { slabDumpLines, slabGeometryLine, slabsLines } from './slabDumps.js';
export { loadSlabs } from './slabsLoad.js';
export { nextSysfsNode } from './sysfsState.js';
