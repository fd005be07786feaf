/**
 * Answers that only look, and may take long: given up in the middle where somebody else waits, and worked out anew behind them. So a
 * cancelled one ends, and nobody waits long behind it. What is worked out in pieces (inPieces.ts) is so from its first piece on.
 *
 * Invariant: what is given up has changed nothing.
 */
import { GivenUp } from '../engine/memory/runEnds.js';
import { letMessagesThrough } from './inPieces.js';
import type { RequestContext } from './protocol/connection.js';
import type { Session } from './session.js';
import { Pace } from './time/pace.js';

/** @throws AdapterError `cancelled`; `running` when the machine has moved meanwhile */
export async function heeded(
  session: Session,
  context: RequestContext,
  answer: () => unknown,
): Promise<unknown> {
  const pace = new Pace(session.host);
  pace.start();
  for (;;) {
    try {
      const { timeline } = session.current.target;
      return await timeline.heeding(answer, { givesUp: () => pace.givesUp() });
    } catch (error) {
      if (!(error instanceof GivenUp)) throw error;
    }
    await letMessagesThrough(session, context);
    while (session.occupied !== undefined) await session.occupied;
    pace.goOn();
  }
}
