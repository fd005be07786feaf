/** DAP variables, setVariable. */
import { edited } from '../present/maskNames.js';
import { childNamed, formatOf, PLAIN } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';
import { errors } from '../protocol/errors.js';
import { defined } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { assign, announceEdit } from './editing.js';
import type { Handlers } from './table.js';

export const variableHandlers = (session: Session): Handlers<'variables' | 'setVariable'> => ({
  variables(args) {
    const { variables } = session.current;
    return { variables: variables.list(args, formatOf(args.format)) };
  },

  /** An assignment to the object: an edit on the tape like any other. */
  setVariable({ variablesReference, name, value, format }, { afterResponse }) {
    const { target, variables } = session.current;
    const child = childNamed(variables.get(variablesReference), name);
    if (child === undefined) throw errors.noSuchVariable(name);
    if (child.place === undefined || child.readOnly === true)
      throw errors.cannotAssign(`'${name}' is computed from other values and cannot be set.`);
    assign(session, child.place, edited(child.value, value), undefined);
    const { place } = child;
    const shown = showPlace(target.context, name, place, child.evaluateName, formatOf(format));
    afterResponse(() => announceEdit(session, place));
    // A flag of a page reads as true or false, however it was set.
    const again = childNamed(variables.get(variablesReference), name) ?? shown;
    const children = variables.childrenOf(again);
    return defined({
      value: format === undefined || formatOf(format) === PLAIN ? again.value : shown.value,
      type: shown.type,
      ...children,
      memoryReference: variables.memoryReference(shown),
    });
  },
});
