/**
 * Hovers on addresses: in scenarios always, in C and logs while a session stands still. The session's adapter answers, or the
 * layout of the machine that the scenario names.
 */
import {
  debug,
  Hover,
  languages,
  MarkdownString,
  Range,
  type Disposable,
  type Position,
  type TextDocument,
} from 'vscode';
import {
  ADDRESS_REQUEST,
  type AddressArguments,
  type AddressBody,
} from '../../engine/view/address.js';
import type { Sessions, SessionState } from '../debug/sessions.js';
import { MMSCOPE } from '../identity.js';
import { expressionAt } from '../language/expressionAt.js';
import { addressAt, type AddressSpan } from './addressAt.js';

/** A hover on a plain number that is an address of no kernel: more noise than answer. */
const SMALLEST_ADDRESS = 0x10000;

const LANGUAGES = [MMSCOPE, 'c', 'cpp', 'log', 'plaintext'];

export function registerAddressHovers(sessions: Sessions): Disposable {
  return languages.registerHoverProvider(LANGUAGES, {
    async provideHover(document, position) {
      const state = sessions.current;
      const live = state?.stopped === true ? state : undefined;
      if (live === undefined && document.languageId !== MMSCOPE) return undefined;
      const span = spanAt(document, position, live !== undefined);
      if (span === undefined) return undefined;
      const markdown =
        live === undefined ? await beforeRun(document, span) : await fromSession(live, span);
      if (markdown === undefined) return undefined;
      const range = new Range(position.line, span.start, position.line, span.end);
      return new Hover(new MarkdownString(markdown), range);
    },
  });
}

function spanAt(
  document: TextDocument,
  { line, character }: Position,
  live: boolean,
): (AddressSpan & { readonly guessed?: true }) | undefined {
  const { text } = document.lineAt(line);
  const found = addressAt(text, character);
  if (found !== undefined || !live) return found;
  // Words of a log are no expressions.
  if (document.languageId === 'log' || document.languageId === 'plaintext') return undefined;
  const expression = expressionAt(text, character);
  return (
    expression && {
      start: expression.start,
      end: expression.end,
      expression: expression.text,
      guessed: true,
    }
  );
}

async function beforeRun(document: TextDocument, span: AddressSpan): Promise<string | undefined> {
  const { staticMarkdown } = await import('./staticReport.js');
  return staticMarkdown(document.getText(), span);
}

async function fromSession(
  { session }: SessionState,
  span: AddressSpan & { readonly guessed?: true },
): Promise<string | undefined> {
  const item = debug.activeStackItem;
  const frameId = item !== undefined && 'frameId' in item ? item.frameId : undefined;
  const { expression, meant, use } = span;
  const args: AddressArguments = {
    expression,
    ...(meant !== undefined && { meant }),
    ...(use !== undefined && { use }),
    ...(frameId !== undefined && { frameId }),
  };
  try {
    const body = (await session.customRequest(ADDRESS_REQUEST, args)) as AddressBody;
    const { kind, address } = body.report;
    if (span.guessed === true && kind === 'user' && Number(address) < SMALLEST_ADDRESS)
      return undefined;
    return body.markdown;
  } catch {
    return undefined; // The session has no value for it.
  }
}
