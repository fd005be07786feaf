/** The place that an answer in the debug console is about. Pure. */

/** What is read of a message of the protocol. */
export interface ConsoleMessage {
  readonly type: string;
  readonly command?: string;
  readonly seq?: number;
  readonly request_seq?: number;
  readonly success?: boolean;
  readonly arguments?: { readonly expression?: string; readonly context?: string };
  readonly body?: { readonly result?: string };
}

/** Questions that ask where something is. */
const QUESTION = /^\s*(?:where|walk)\s*\(/;

/** `pfn 0x1f40`, `0xf0801000`; undefined where neither was asked for nor told. */
export function placeAnswered(
  expression: string,
  { success, body }: ConsoleMessage,
): string | undefined {
  if (success !== true || !QUESTION.test(expression)) return undefined;
  const { result = '' } = body ?? {};
  return /^(?:pfn )?0x[0-9a-f]+/.exec(result)?.[0] ?? /\bpfn 0x[0-9a-f]+/.exec(result)?.[0];
}
