/** Requests that want what is under way to end, and the end of all of them. */
import type { Decoded } from './protocol/framing.js';

const URGENT: ReadonlySet<unknown> = new Set([
  'pause',
  'cancel',
  'disconnect',
  'terminate',
  'restart',
]);

export function isUrgent(item: Decoded | { readonly kind: 'end' }): boolean {
  if (item.kind !== 'message') return item.kind === 'end';
  const { value } = item;
  return typeof value === 'object' && value !== null && 'command' in value
    ? URGENT.has(value.command)
    : false;
}
