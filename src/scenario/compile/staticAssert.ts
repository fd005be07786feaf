/** `_Static_assert`: what does not hold is a finding. Source: ISO C11 6.7.10. */
import type { Checker } from '../semantics/checker.js';
import { constantOf } from '../semantics/constants.js';
import type { StaticAssert } from '../syntax/ast.js';
import { decodeUtf8 } from '../syntax/utf8.js';

export function staticAssert(checker: Checker, { test, message, span }: StaticAssert): void {
  const value = constantOf(checker, test, 'what is asserted');
  if (value === undefined || BigInt(value) !== 0n) return;
  const text = message?.kind === 'string' ? decodeUtf8(message.bytes) : '';
  checker.unit.diagnostics.error(
    'static-assert',
    span,
    `static assertion failed${text === '' ? '' : `: ${text}`}`,
  );
}
