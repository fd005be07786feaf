/**
 * Answers that take long: worked out in pieces, between which other requests are answered. A call of the kernel is one piece; where the
 * host hears meanwhile that the client wants things to end, it is given up, undone, and begun anew if it was not meant.
 */
import { GivenUp } from '../engine/memory/runEnds.js';
import type { Pieces } from '../scenario/index.js';
import type { RequestContext } from './protocol/connection.js';
import { errors } from './protocol/errors.js';
import type { Session } from './session.js';

/** How long an answer keeps other requests waiting. */
const SLICE_MS = 12;

/**
 * Work that the machine is needed for: requests that do not need it are answered between two pieces, others wait.
 *
 * @throws AdapterError `cancelled`; `running` when another machine has taken the place of this one
 */
export async function inPieces<T>(
  session: Session,
  work: (mayRest: () => boolean) => Pieces<T>,
  context: RequestContext,
): Promise<T> {
  const { host } = session;
  let sliceStart = host.now();
  const begin = (): Pieces<T> => work(() => host.now() - sliceStart >= SLICE_MS);
  let pieces = begin();
  let release: (() => void) | undefined;
  try {
    for (;;) {
      const step = nextOf(session, pieces, context);
      if (step?.done === true) return step.value;
      session.occupied ??= new Promise<void>((resolve) => (release = resolve));
      await letMessagesThrough(session, {
        ...context,
        // One that could not be undone is done to its end, though nobody waits for it.
        cancelled: () => step?.value !== false && context.cancelled(),
      });
      sliceStart = host.now();
      if (step === undefined) pieces = begin();
    }
  } finally {
    pieces.return(undefined as T);
    if (release !== undefined) {
      session.occupied = undefined;
      release();
    }
  }
}

/** The next piece; undefined where all was given up, and undone. */
function nextOf<T>(
  { current, host }: Session,
  pieces: Pieces<T>,
  { cancelled }: RequestContext,
): IteratorResult<boolean, T> | undefined {
  const { tape } = current.target;
  const { start } = tape;
  tape.midway = () => {
    if (tape.start === start && !cancelled() && host.waits?.() === 'urgent') throw new GivenUp();
  };
  try {
    return pieces.next();
  } catch (error) {
    if (error instanceof GivenUp) return undefined;
    throw error;
  } finally {
    tape.midway = undefined;
  }
}

/**
 * In the middle of a long answer, for others to be given meanwhile.
 *
 * @throws AdapterError `cancelled`; `running` when the machine has moved
 */
export async function letMessagesThrough(
  session: Session,
  { cancelled }: Pick<RequestContext, 'cancelled'>,
): Promise<void> {
  const { live } = session;
  const stop = live?.stop;
  await session.host.yieldToMessages();
  if (cancelled()) throw errors.cancelled();
  if (session.live !== live || live?.stop !== stop) throw errors.running();
}
