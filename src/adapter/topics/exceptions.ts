/** DAP exceptionInfo: what happened, and for a failed allocation what the allocator had considered. */
import { verdictLines, verdictSentence } from '../../engine/verdict/text.js';
import { isFailedAllocation } from '../evaluation/eventNames.js';
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import type { Target } from '../debuggee/target.js';
import type { Handlers } from './table.js';

export const exceptionHandlers = (session: Session): Handlers<'exceptionInfo'> => ({
  exceptionInfo({ threadId }) {
    const { target, stop } = session.current;
    target.taskOf(threadId);
    const raised = stop?.raised ?? stop?.hits.find((hit) => hit.raised !== undefined)?.raised;
    if (raised === undefined) throw errors.noException();
    const { filterId, typeName, sentence } = raised;
    const details: Dap.ExceptionDetails = {
      message: sentence,
      typeName,
      ...(isFailedAllocation(typeName) && { stackTrace: verdictText(target) }),
    };
    return {
      exceptionId: filterId,
      description: sentence,
      breakMode: 'always',
      details,
    };
  },
});

/** Everything that led to the failure, line by line. */
function verdictText({ image, attempts }: Target): string {
  const found = attempts.last();
  if (found === undefined) return '';
  const { attempt } = found;
  // A range of frames has no passes: its reason is one sentence.
  if (attempt.what !== undefined) return verdictSentence(image.mm, attempt);
  return verdictLines(image.mm, attempt).join('\n');
}
