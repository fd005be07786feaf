/**
 * What each request must carry, checked before its handler sees it: a client's mistake is answered as such, and handlers
 * may trust their types. Only members that a handler reads are listed.
 */
import type { Command } from './dap.js';
import { errors } from './errors.js';

type Kind = 'string' | 'number' | 'object' | 'array';

/** Names ending in `?` may be absent. */
const REQUIRED: { readonly [C in Command]?: Readonly<Record<string, Kind>> } = {
  cancel: { 'requestId?': 'number', 'progressId?': 'string' },
  initialize: { adapterID: 'string' },
  launch: {
    'program?': 'string',
    'core?': 'string',
    'state?': 'string',
    'numberFormat?': 'string',
  },
  breakpointLocations: { source: 'object', line: 'number', 'endLine?': 'number' },
  setBreakpoints: { source: 'object', 'breakpoints?': 'array' },
  setFunctionBreakpoints: { breakpoints: 'array' },
  setExceptionBreakpoints: { filters: 'array', 'filterOptions?': 'array' },
  dataBreakpointInfo: { name: 'string', 'variablesReference?': 'number', 'bytes?': 'number' },
  setDataBreakpoints: { breakpoints: 'array' },
  continue: { threadId: 'number' },
  next: { threadId: 'number' },
  stepIn: { threadId: 'number' },
  stepOut: { threadId: 'number' },
  stepBack: { threadId: 'number' },
  reverseContinue: { threadId: 'number' },
  pause: { threadId: 'number' },
  stackTrace: { threadId: 'number', 'startFrame?': 'number', 'levels?': 'number' },
  scopes: { frameId: 'number' },
  variables: { variablesReference: 'number', 'start?': 'number', 'count?': 'number' },
  setVariable: { variablesReference: 'number', name: 'string', value: 'string' },
  source: { 'sourceReference?': 'number', 'source?': 'object' },
  evaluate: { expression: 'string', 'frameId?': 'number', 'context?': 'string' },
  setExpression: { expression: 'string', value: 'string', 'frameId?': 'number' },
  completions: { text: 'string', column: 'number', 'frameId?': 'number' },
  exceptionInfo: { threadId: 'number' },
  readMemory: { memoryReference: 'string', 'offset?': 'number', count: 'number' },
  writeMemory: { memoryReference: 'string', 'offset?': 'number', data: 'string' },
  locations: { locationReference: 'number' },
  'mmscope/numberFormat': { 'format?': 'string' },
  'mmscope/map': { firstPfn: 'number', framesPerCell: 'number', cells: 'number' },
  'mmscope/frame': { pfn: 'number' },
  'mmscope/address': { expression: 'string', 'use?': 'string', 'frameId?': 'number' },
};

export function checkArguments(command: Command, given: unknown): void {
  const required = REQUIRED[command];
  if (required === undefined) return;
  const members = kindOf(given) === 'object' ? (given as Readonly<Record<string, unknown>>) : {};
  for (const [key, kind] of Object.entries(required)) {
    const name = key.replace('?', '');
    const value = members[name];
    if (value === undefined && key.endsWith('?')) continue;
    if (kindOf(value) !== kind)
      throw errors.badArguments(`'${command}' needs '${name}' to be ${article(kind)}.`);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'not a number';
  return value === null ? 'null' : typeof value;
}

const article = (kind: Kind): string =>
  kind === 'object' || kind === 'array' ? `an ${kind}` : `a ${kind}`;
