/** What of the walkthrough a message of the adapter shows to be done. Pure. */
import type { ProtocolMessage } from './debug/sessionMessages.js';

/** The steps of the walkthrough, by their ids in package.json. */
export type Deed = 'open' | 'start' | 'step' | 'back' | 'inside' | 'ask';

const BY_REQUEST: Readonly<Record<string, Deed>> = {
  next: 'step',
  stepIn: 'step',
  stepBack: 'back',
  reverseContinue: 'back',
  'mmscope/address': 'ask',
};
const INSIDE = new Set(['function breakpoint', 'data breakpoint']);

export function deedsOf(message: ProtocolMessage): readonly Deed[] {
  const { type, event, command = '', success, body } = message;
  if (type === 'response' && success === true) {
    if (command === 'evaluate') return /^pfn 0x/.test(body?.result ?? '') ? ['ask'] : [];
    const deed = BY_REQUEST[command];
    return deed === undefined ? [] : [deed];
  }
  if (type !== 'event' || event !== 'stopped') return [];
  return INSIDE.has(body?.reason ?? '') ? ['start', 'inside'] : ['start'];
}
