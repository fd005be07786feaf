/**
 * What each request must carry, checked before its handler sees it: a client's mistake is answered as such, and handlers
 * may trust their types. Every member that the protocol declares is listed, whether a handler reads it or not.
 */
import type { Command } from './dap.js';
import { errors } from './errors.js';

type Kind =
  | 'string'
  | 'number'
  | 'integer'
  | 'boolean'
  | 'switch or path'
  | 'count'
  | 'granularity'
  | 'filter'
  | 'access';

/** Kinds by member; names ending in `?` may be absent, a shape in brackets is that of an array's elements. */
interface Shape {
  readonly [member: string]: Kind | Shape | readonly [Kind | Shape];
}

const source: Shape = {
  'name?': 'string',
  'path?': 'string',
  'sourceReference?': 'integer',
  'presentationHint?': 'string',
  'origin?': 'string',
  'checksums?': [{ algorithm: 'string', checksum: 'string' }],
  get 'sources?'(): readonly [Shape] {
    return [source];
  },
};
const trigger: Shape = {
  'condition?': 'string',
  'hitCondition?': 'string',
  'logMessage?': 'string',
  'mode?': 'string',
};
const format: Shape = { 'hex?': 'boolean' };
const motion: Shape = {
  threadId: 'integer',
  'singleThread?': 'boolean',
  'granularity?': 'granularity',
};

const launch: Shape = {
  'program?': 'string',
  'core?': 'string',
  'parts?': ['string'],
  'vmlinux?': 'string',
  'systemMap?': 'string',
  'btf?': 'string',
  'state?': 'string',
  'profile?': 'string',
  'kernelSource?': 'string',
  'stopOnEntry?': 'boolean',
  'stopAtEnd?': 'boolean',
  'noDebug?': 'boolean',
  'historyMiB?': 'number',
  'numberFormat?': 'string',
  'trace?': 'switch or path',
};

const atTime: Shape = { 'at?': 'integer' };

const write: Shape = {
  'variablesReference?': 'integer',
  'name?': 'string',
  'expression?': 'string',
  'frameId?': 'integer',
  'memoryReference?': 'string',
  'offset?': 'integer',
  'count?': 'count',
};

const REQUIRED: { readonly [C in Command]?: Shape } = {
  cancel: { 'requestId?': 'integer', 'progressId?': 'string' },
  initialize: {
    adapterID: 'string',
    'clientID?': 'string',
    'clientName?': 'string',
    'locale?': 'string',
    'pathFormat?': 'string',
    'linesStartAt1?': 'boolean',
    'columnsStartAt1?': 'boolean',
    'supportsVariableType?': 'boolean',
    'supportsVariablePaging?': 'boolean',
    'supportsRunInTerminalRequest?': 'boolean',
    'supportsMemoryReferences?': 'boolean',
    'supportsProgressReporting?': 'boolean',
    'supportsInvalidatedEvent?': 'boolean',
    'supportsMemoryEvent?': 'boolean',
    'supportsArgsCanBeInterpretedByShell?': 'boolean',
    'supportsStartDebuggingRequest?': 'boolean',
    'supportsANSIStyling?': 'boolean',
  },
  launch,
  restart: { 'arguments?': launch },
  disconnect: {
    'restart?': 'boolean',
    'terminateDebuggee?': 'boolean',
    'suspendDebuggee?': 'boolean',
  },
  terminate: { 'restart?': 'boolean' },
  breakpointLocations: {
    source,
    line: 'integer',
    'column?': 'integer',
    'endLine?': 'integer',
    'endColumn?': 'integer',
  },
  setBreakpoints: {
    source,
    'breakpoints?': [{ line: 'integer', 'column?': 'integer', ...trigger }],
    'lines?': ['integer'],
    'sourceModified?': 'boolean',
  },
  setFunctionBreakpoints: { breakpoints: [{ name: 'string', ...trigger }] },
  setExceptionBreakpoints: {
    filters: ['string'],
    'filterOptions?': [{ filterId: 'string', 'condition?': 'string', 'mode?': 'string' }],
    'exceptionOptions?': [
      { breakMode: 'string', 'path?': [{ names: ['string'], 'negate?': 'boolean' }] },
    ],
  },
  dataBreakpointInfo: {
    name: 'string',
    'variablesReference?': 'integer',
    'frameId?': 'integer',
    'bytes?': 'integer',
    'asAddress?': 'boolean',
    'mode?': 'string',
  },
  setDataBreakpoints: {
    breakpoints: [{ dataId: 'string', 'accessType?': 'string', ...trigger }],
  },
  continue: { threadId: 'integer', 'singleThread?': 'boolean' },
  next: motion,
  stepIn: { ...motion, 'targetId?': 'integer' },
  stepInTargets: { frameId: 'integer' },
  gotoTargets: { source, line: 'integer', 'column?': 'integer' },
  goto: { threadId: 'integer', targetId: 'integer' },
  restartFrame: { frameId: 'integer' },
  stepOut: motion,
  stepBack: motion,
  reverseContinue: { threadId: 'integer', 'singleThread?': 'boolean' },
  pause: { threadId: 'integer' },
  terminateThreads: { 'threadIds?': ['integer'] },
  stackTrace: {
    threadId: 'integer',
    'startFrame?': 'count',
    'levels?': 'count',
    'format?': {
      ...format,
      'parameters?': 'boolean',
      'parameterTypes?': 'boolean',
      'parameterNames?': 'boolean',
      'parameterValues?': 'boolean',
      'line?': 'boolean',
      'module?': 'boolean',
      'includeAll?': 'boolean',
    },
  },
  scopes: { frameId: 'integer' },
  variables: {
    variablesReference: 'integer',
    'filter?': 'filter',
    'start?': 'count',
    'count?': 'count',
    'format?': format,
  },
  setVariable: {
    variablesReference: 'integer',
    name: 'string',
    value: 'string',
    'format?': format,
  },
  modules: { 'startModule?': 'count', 'moduleCount?': 'count' },
  disassemble: {
    memoryReference: 'string',
    'offset?': 'integer',
    'instructionOffset?': 'integer',
    instructionCount: 'count',
    'resolveSymbols?': 'boolean',
  },
  setInstructionBreakpoints: {
    breakpoints: [{ instructionReference: 'string', 'offset?': 'integer', ...trigger }],
  },
  source: { 'sourceReference?': 'integer', 'source?': source },
  evaluate: {
    expression: 'string',
    'frameId?': 'integer',
    'line?': 'integer',
    'column?': 'integer',
    'source?': source,
    'context?': 'string',
    'format?': format,
  },
  setExpression: {
    expression: 'string',
    value: 'string',
    'frameId?': 'integer',
    'format?': format,
  },
  completions: {
    text: 'string',
    column: 'integer',
    'line?': 'integer',
    'frameId?': 'integer',
  },
  exceptionInfo: { threadId: 'integer' },
  readMemory: { memoryReference: 'string', 'offset?': 'integer', count: 'count' },
  writeMemory: {
    memoryReference: 'string',
    'offset?': 'integer',
    data: 'string',
    'allowPartial?': 'boolean',
  },
  locations: { locationReference: 'integer' },
  'mmscope/export': { path: 'string' },
  'mmscope/changeBreakpoints': {
    'add?': 'string',
    'frameId?': 'integer',
    'address?': 'string',
    'bytes?': 'count',
    'remove?': 'integer',
  },
  'mmscope/numberFormat': { 'format?': 'string' },
  'mmscope/map': { firstPfn: 'integer', framesPerCell: 'integer', cells: 'integer' },
  'mmscope/frame': { pfn: 'integer' },
  'mmscope/locate': {
    'text?': 'string',
    'pfn?': 'integer',
    'address?': 'string',
    'frameId?': 'integer',
  },
  'mmscope/frameChanges': { from: 'integer', 'to?': 'integer' },
  'mmscope/timeline': { 'from?': 'number', 'to?': 'number', buckets: 'integer' },
  'mmscope/frameValues': {
    firstPfn: 'integer',
    framesPerCell: 'integer',
    cells: 'integer',
    by: 'string',
  },
  'mmscope/frameLabels': { firstPfn: 'integer', nrFrames: 'count' },
  'mmscope/lastWrite': write,
  'mmscope/nextWrite': write,
  'mmscope/goToTime': { time: 'integer' },
  'mmscope/differences': { from: 'integer', 'to?': 'integer', 'limit?': 'count' },
  'mmscope/address': { expression: 'string', 'use?': 'string', 'frameId?': 'integer' },
  'mmscope/virtual': { 'space?': 'string', ...atTime },
  'mmscope/virtualParts': {
    'space?': 'string',
    region: 'string',
    start: 'count',
    count: 'count',
    'holding?': 'string',
    ...atTime,
  },
  'mmscope/virtualPages': {
    'space?': 'string',
    first: 'string',
    pagesPerCell: 'integer',
    cells: 'count',
    ...atTime,
  },
  'mmscope/aliases': { pfn: 'integer' },
  'mmscope/walk': {
    'expression?': 'string',
    'frameId?': 'integer',
    'space?': 'string',
    'access?': 'access',
    'user?': 'boolean',
    ...atTime,
  },
  'mmscope/freeBlocks': {
    zone: 'count',
    'order?': 'count',
    'migratetype?': 'count',
    'cpu?': 'count',
    'pindex?': 'count',
    start: 'count',
    count: 'count',
  },
  'mmscope/slabs': {
    cache: 'string',
    start: 'count',
    count: 'count',
    'holding?': 'integer',
    ...atTime,
  },
  'mmscope/slabObjects': { cache: 'string', pfns: ['integer'], ...atTime },
  'mmscope/freeAreas': atTime,
  'mmscope/caches': atTime,
};

/**
 * The arguments, as their handler may trust them: an object, if an empty one. (Some encoders write that as an empty array.)
 *
 * @throws AdapterError `badArguments`
 */
export function checkArguments(command: Command, given: unknown): object {
  const none =
    given === undefined || given === null || (Array.isArray(given) && given.length === 0);
  const members = none ? {} : given;
  if (!isObject(members))
    throw errors.badArguments(`'${command}' needs 'arguments' to be an object.`);
  checkMembers(command, REQUIRED[command] ?? {}, members, '');
  return members;
}

/** @param path of the object, with its dot: `breakpoints[2].` */
function checkMembers(
  command: string,
  shape: Shape,
  members: Readonly<Record<string, unknown>>,
  path: string,
): void {
  for (const [key, wanted] of Object.entries(shape)) {
    const name = key.replace('?', '');
    const value = members[name];
    if (value !== undefined || !key.endsWith('?'))
      checkValue(command, wanted, value, `${path}${name}`);
  }
}

function checkValue(command: string, wanted: Shape[string], value: unknown, path: string): void {
  const refuse = (what: string): never => {
    throw errors.badArguments(`'${command}' needs '${path}' to be ${what}.`);
  };
  if (typeof wanted === 'string') {
    const { holds, what } = KINDS[wanted];
    if (!holds(value)) refuse(what);
  } else if (isList(wanted)) {
    if (!Array.isArray(value)) refuse('an array');
    else value.forEach((one, i) => checkValue(command, wanted[0], one, `${path}[${i}]`));
  } else if (isObject(value)) checkMembers(command, wanted, value, `${path}.`);
  else refuse('an object');
}

const KINDS: Readonly<
  Record<Kind, { readonly holds: (value: unknown) => boolean; readonly what: string }>
> = {
  string: { holds: (value) => typeof value === 'string', what: 'a string' },
  boolean: { holds: (value) => typeof value === 'boolean', what: 'true or false' },
  number: { holds: Number.isFinite, what: 'a number' },
  integer: { holds: Number.isSafeInteger, what: 'a whole number' },
  count: {
    holds: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
    what: 'a whole number that is not negative',
  },
  'switch or path': {
    holds: (value) => typeof value === 'boolean' || typeof value === 'string',
    what: 'true, false or a path',
  },
  filter: {
    holds: (value) => value === 'indexed' || value === 'named',
    what: "'indexed' or 'named'",
  },
  granularity: {
    holds: (value) => value === 'statement' || value === 'line' || value === 'instruction',
    what: "'statement', 'line' or 'instruction'",
  },
  access: {
    holds: (value) => value === 'read' || value === 'write' || value === 'fetch',
    what: "'read', 'write' or 'fetch'",
  },
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const isList = (wanted: Shape | readonly [Kind | Shape]): wanted is readonly [Kind | Shape] =>
  Array.isArray(wanted);
