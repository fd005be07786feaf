/** DAP variables, setVariable. */
import { editedText, isUnchanged } from '../present/editedText.js';
import { childNamed, formatOf } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';
import { errors } from '../protocol/errors.js';
import { defined } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { announceEdit, assign } from './editing.js';
import { assignLocal } from './kernelLocals.js';
import type { Handlers } from './table.js';

/** How long a list keeps other requests waiting. */
const SLICE_MS = 12;

export const variableHandlers = (session: Session): Handlers<'variables' | 'setVariable'> => ({
  async variables(args, { cancelled }) {
    const { variables } = session.current;
    const { host } = session;
    let sliceStart = host.now();
    const breathe = async (): Promise<boolean> => {
      if (host.now() - sliceStart < SLICE_MS) return true;
      await host.yieldToMessages();
      sliceStart = host.now();
      return !cancelled();
    };
    const format = formatOf(args.format, session.numberFormat);
    return { variables: await variables.list(args, format, breathe) };
  },

  /** An assignment to the object: an edit on the tape like any other. */
  setVariable({ variablesReference, name, value, format: given }, { afterResponse }) {
    const { target, variables } = session.current;
    const { context } = target;
    const container = variables.get(variablesReference);
    const format = formatOf(given, session.numberFormat);
    const child = childNamed(container, name, format);
    if (child === undefined) throw errors.noSuchVariable(name);
    const { place, kernelLocal } = child;
    if (kernelLocal === undefined && (place === undefined || child.readOnly === true))
      throw errors.cannotAssign(`'${name}' is computed from other values and cannot be set.`);
    if (isUnchanged(child.value, value))
      return defined({ value: child.value, ...variables.valueOf(child) });
    const text = editedText(context.profile, child.value, value);
    if (kernelLocal !== undefined) assignLocal(session, name, kernelLocal, text);
    else if (place !== undefined) assign(session, place, text, undefined);
    afterResponse(() => announceEdit(session, place));
    // A flag of a page reads as a bit, however it was set.
    const again =
      childNamed(container, name, format) ??
      (place === undefined ? child : showPlace(context, name, place, child.evaluateName, format));
    return defined({ value: again.value, ...variables.valueOf(again) });
  },
});
