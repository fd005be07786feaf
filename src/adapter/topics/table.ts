/**
 * The shape of the dispatch table: a handler takes checked arguments and gives the response's body. Topics contribute
 * some handlers each; dispatch.ts puts them together and the compiler sees to it that none is missing.
 */
import type { Command, Requests } from '../protocol/dap.js';
import type { RequestContext } from '../protocol/connection.js';

type Handler<C extends Command> = (
  args: Requests[C]['arguments'],
  context: RequestContext,
) => Requests[C]['body'] | Promise<Requests[C]['body']>;

export type Handlers<C extends Command = Command> = { readonly [K in C]: Handler<K> };

/** What must be there before a request makes sense. */
export type Needs =
  /** Nothing, at any time. */
  | 'nothing'
  /** To be the very first request. */
  | 'no client'
  /** `initialize` has been answered. */
  | 'client'
  /** A scenario or dump is loaded. */
  | 'target'
  /** It stands still. */
  | 'stop';

/**
 * Requests of a machine that stands still whose handlers change nothing before they have their answer, or before they await something:
 * they can be begun anew.
 */
export const LOOKS: ReadonlySet<Command> = new Set<Command>([
  'dataBreakpointInfo',
  'stepInTargets',
  'gotoTargets',
  'restartFrame',
  'stackTrace',
  'scopes',
  'variables',
  'disassemble',
  'evaluate',
  'exceptionInfo',
  'readMemory',
  'locations',
  'mmscope/frame',
  'mmscope/verdict',
  'mmscope/locate',
  'mmscope/frameChanges',
  'mmscope/timeline',
  'mmscope/frameValues',
  'mmscope/frameLabels',
  'mmscope/address',
  'mmscope/lastWrite',
  'mmscope/nextWrite',
  'mmscope/differences',
  'mmscope/virtual',
  'mmscope/virtualParts',
  'mmscope/virtualPages',
  'mmscope/aliases',
  'mmscope/walk',
  'mmscope/freeAreas',
  'mmscope/freeBlocks',
  'mmscope/attempt',
  'mmscope/caches',
  'mmscope/slabs',
  'mmscope/slabObjects',
]);

/** For every request. */
export const NEEDS: { readonly [C in Command]: Needs } = {
  initialize: 'no client',
  cancel: 'client',
  configurationDone: 'client',
  launch: 'client',
  restart: 'client',
  disconnect: 'nothing',
  terminate: 'client',
  breakpointLocations: 'client',
  setBreakpoints: 'client',
  setFunctionBreakpoints: 'client',
  setExceptionBreakpoints: 'client',
  dataBreakpointInfo: 'stop',
  setDataBreakpoints: 'client',
  stepInTargets: 'stop',
  gotoTargets: 'stop',
  goto: 'stop',
  restartFrame: 'stop',
  continue: 'stop',
  next: 'stop',
  stepIn: 'stop',
  stepOut: 'stop',
  stepBack: 'stop',
  reverseContinue: 'stop',
  pause: 'target',
  terminateThreads: 'stop',
  threads: 'client',
  stackTrace: 'stop',
  scopes: 'stop',
  variables: 'stop',
  setVariable: 'stop',
  source: 'client',
  loadedSources: 'client',
  modules: 'target',
  disassemble: 'stop',
  setInstructionBreakpoints: 'client',
  evaluate: 'stop',
  setExpression: 'stop',
  completions: 'target',
  exceptionInfo: 'stop',
  readMemory: 'stop',
  writeMemory: 'stop',
  'mmscope/map': 'target',
  'mmscope/frame': 'stop',
  'mmscope/verdict': 'stop',
  'mmscope/locate': 'stop',
  'mmscope/frameChanges': 'stop',
  'mmscope/timeline': 'stop',
  'mmscope/frameValues': 'stop',
  'mmscope/frameLabels': 'stop',
  'mmscope/address': 'stop',
  'mmscope/clock': 'target',
  'mmscope/hash': 'stop',
  'mmscope/export': 'stop',
  'mmscope/lastWrite': 'stop',
  'mmscope/nextWrite': 'stop',
  'mmscope/goToTime': 'stop',
  'mmscope/differences': 'stop',
  'mmscope/changeBreakpoints': 'stop',
  'mmscope/numberFormat': 'client',
  'mmscope/virtual': 'stop',
  'mmscope/virtualParts': 'stop',
  'mmscope/virtualPages': 'stop',
  'mmscope/aliases': 'stop',
  'mmscope/walk': 'stop',
  'mmscope/freeAreas': 'stop',
  'mmscope/freeBlocks': 'stop',
  'mmscope/attempt': 'stop',
  'mmscope/caches': 'stop',
  'mmscope/slabs': 'stop',
  'mmscope/slabObjects': 'stop',
  locations: 'stop',
};
