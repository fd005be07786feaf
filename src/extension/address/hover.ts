/**
 * Hovers on addresses: in scenarios always, in C and logs while a session stands still. The session's adapter answers, or the
 * layout of the machine that the scenario names.
 */
import {
  debug,
  Hover,
  l10n,
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
import { commandLink, REVEAL_COMMANDS } from './memoryLink.js';

/** A hover on a smaller number of which nothing says that it is an address: more noise than answer. */
const SMALLEST_ADDRESS = 0x10000;

/** Expressions are looked for in lines of source alone. */
const LONGEST_LINE = 2000;

const LANGUAGES = [MMSCOPE, 'c', 'cpp', 'log', 'plaintext'];

export function registerAddressHovers(sessions: Sessions): Disposable {
  return languages.registerHoverProvider(LANGUAGES, {
    async provideHover(document, position) {
      const state = sessions.current;
      const live = state?.stopped === true ? state : undefined;
      if (live === undefined && document.languageId !== MMSCOPE) return undefined;
      const span = spanAt(document, position, live !== undefined);
      if (span === undefined) return undefined;
      const told = span.what ?? (await reportOf(document, span, live));
      if (told === undefined) return undefined;
      const range = new Range(position.line, span.start, position.line, span.end);
      return new Hover(told instanceof MarkdownString ? told : new MarkdownString(told), range);
    },
  });
}

const reportOf = (
  document: TextDocument,
  span: AddressSpan,
  live: SessionState | undefined,
): Promise<MarkdownString | string | undefined> =>
  live === undefined
    ? beforeRun(document, span)
    : fromSession(live, span, mayBeSmall(document, span));

function spanAt(
  document: TextDocument,
  { line, character }: Position,
  live: boolean,
): AddressSpan | undefined {
  const { text } = document.lineAt(line);
  const found = addressAt(text, character);
  if (found !== undefined || !live) return found;
  // Words of a log are not expressions; neither are lines that no one writes.
  const isProse = document.languageId === 'log' || document.languageId === 'plaintext';
  if (isProse || text.length > LONGEST_LINE) return undefined;
  const expression = expressionAt(text, character);
  if (expression === undefined || /^\d/.test(expression.text)) return undefined;
  return { start: expression.start, end: expression.end, expression: expression.text };
}

async function beforeRun(document: TextDocument, span: AddressSpan): Promise<string | undefined> {
  const { staticMarkdown } = await import('./staticReport.js');
  return staticMarkdown(document.getText(), span);
}

/** Where words or a conversion say that it is an address, and where a scenario has it as one. */
const mayBeSmall = (
  { languageId }: TextDocument,
  { expression, meant, use }: AddressSpan,
): boolean =>
  meant !== undefined || use !== undefined || (languageId === MMSCOPE && /^0x/i.test(expression));

async function fromSession(
  { session }: SessionState,
  span: AddressSpan,
  small: boolean,
): Promise<MarkdownString | undefined> {
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
    if (!small && kind === 'user' && Number(address) < SMALLEST_ADDRESS) return undefined;
    return withLink(body);
  } catch {
    return undefined; // The session has no value for it.
  }
}

/** With a link to the window Memory: the one command that it may run. */
function withLink({ markdown, report: { address } }: AddressBody): MarkdownString {
  const text = new MarkdownString(markdown);
  text.isTrusted = { enabledCommands: REVEAL_COMMANDS };
  const link = commandLink(address).toString();
  return text.appendMarkdown(`\n\n[${l10n.t('Reveal in Memory Map')}](${link})`);
}
