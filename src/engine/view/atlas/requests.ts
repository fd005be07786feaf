/** The custom requests of the views of virtual memory, page walks, free lists and caches: arguments and bodies. */
import type { AtTime } from '../history.js';
import type {
  CachesBody,
  SlabObjectsArguments,
  SlabObjectsBody,
  SlabsArguments,
  SlabsBody,
} from './caches.js';
import type {
  FreeAreasBody,
  FreeBlocksArguments,
  FreeBlocksBody,
  NewestAttemptBody,
} from './freeAreas.js';
import type { WalkArguments, WalkBody } from './pageWalk.js';
import type {
  AliasesArguments,
  AliasesBody,
  PagesArguments,
  PagesBody,
  PartsArguments,
  PartsBody,
  VirtualArguments,
  VirtualBody,
} from './virtual.js';

export interface AtlasRequests {
  'mmscope/virtual': { readonly arguments: VirtualArguments; readonly body: VirtualBody };
  'mmscope/virtualParts': { readonly arguments: PartsArguments; readonly body: PartsBody };
  'mmscope/virtualPages': { readonly arguments: PagesArguments; readonly body: PagesBody };
  'mmscope/aliases': { readonly arguments: AliasesArguments; readonly body: AliasesBody };
  'mmscope/walk': { readonly arguments: WalkArguments; readonly body: WalkBody };
  'mmscope/freeAreas': { readonly arguments: AtTime; readonly body: FreeAreasBody };
  'mmscope/freeBlocks': { readonly arguments: FreeBlocksArguments; readonly body: FreeBlocksBody };
  'mmscope/attempt': { readonly arguments: undefined; readonly body: NewestAttemptBody };
  'mmscope/caches': { readonly arguments: AtTime; readonly body: CachesBody };
  'mmscope/slabs': { readonly arguments: SlabsArguments; readonly body: SlabsBody };
  'mmscope/slabObjects': {
    readonly arguments: SlabObjectsArguments;
    readonly body: SlabObjectsBody;
  };
}

export const ATLAS_REQUESTS: { readonly [R in keyof AtlasRequests]: true } = {
  'mmscope/virtual': true,
  'mmscope/virtualParts': true,
  'mmscope/virtualPages': true,
  'mmscope/aliases': true,
  'mmscope/walk': true,
  'mmscope/freeAreas': true,
  'mmscope/freeBlocks': true,
  'mmscope/attempt': true,
  'mmscope/caches': true,
  'mmscope/slabs': true,
  'mmscope/slabObjects': true,
};
