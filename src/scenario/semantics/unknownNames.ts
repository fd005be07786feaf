/**
 * What to say of a name that means nothing: that it is misspelt, that it is a macro without its arguments, or that Linux has it
 * and scenarios do not, with what they have for the same purpose.
 */
import { findBuiltin } from '../builtins/table.js';
import { insteadOf, notForModules } from '../kernelNames/goneNames.js';
import { isLinuxName, linuxRelease } from '../kernelNames/linuxNames.js';
import { partOf } from '../kernelNames/subsystems.js';
import { sameMeaning } from '../kernelNames/meanings.js';
import { questionText } from '../kernelNames/questions.js';
import type { Span } from '../syntax/span.js';
import { nearest, suggestion } from '../syntax/suggest.js';
import type { Checker } from './checker.js';
import { formNames } from './forms.js';
import { knownNames } from './kernelNames.js';
import { nameOfOthers } from './otherBuilds.js';

/** Reports a name that means nothing; `isCall`: where it is called. */
export function reportUnknown(c: Checker, name: string, span: Span, isCall: boolean): void {
  const macro = c.unit.macros.get(name);
  if (macro?.parameters !== undefined) {
    const rest = macro.rest === undefined ? [] : ['...'];
    const parameters = [...macro.parameters, ...rest].join(', ');
    c.error('unknown-name', span, `'${name}' is a macro: write ${name}(${parameters})`);
    return;
  }
  const question = isCall ? questionText(name) : undefined;
  if (question !== undefined) {
    c.error('unknown-name', span, question);
    return;
  }
  const written = isCall && keywordNear(name);
  if (written !== false) {
    c.error('unknown-name', span, `'${name}' is not a keyword (did you mean '${written}'?)`, {
      title: `Change to '${written}'`,
      span,
      replacement: written,
    });
    return;
  }
  const now = insteadOf(name);
  if (now !== undefined) {
    const what = isCall ? `${name}()` : `'${name}'`;
    c.error('unknown-name', span, `${what} is not in Linux ${linuxRelease} any more: use ${now}`);
    return;
  }
  const way = notForModules(name);
  if (way !== undefined) {
    c.error('unknown-name', span, `modules cannot call ${name}() in Linux ${linuxRelease}: ${way}`);
    return;
  }
  const part = partOf(name);
  if (part !== undefined && isCall) {
    const text = `${name}() is of a part of Linux that is not available here: ${part}`;
    c.error('unknown-name', span, text);
    return;
  }
  const others = nameOfOthers(c.unit.profile, name);
  if (others !== undefined) {
    c.error('unknown-name', span, others);
    return;
  }
  if (isLinuxName(name)) {
    const instead = sameMeaning(name, (one) => isAvailable(c, one));
    const what = isCall ? `${name}()` : `'${name}'`;
    const text = `${what} exists in Linux ${linuxRelease} but is not available here`;
    c.error('unknown-name', span, instead.length === 0 ? text : `${text}: see ${orList(instead)}`);
    return;
  }
  const hint = suggestion(name, [...c.scope.allNames(), ...knownNames(c.unit.profile)], span);
  const what = isCall ? 'a function ' : '';
  const message = `neither the scenario nor the kernel has ${what}'${name}'${hint.text}`;
  c.error('unknown-name', span, message, hint.fix);
}

/** `whlie (x) ...` reads as a call. */
const keywordNear = (name: string): string | false => nearest(name, CALLED) ?? false;

/** Keywords that a parenthesis follows. */
const CALLED = ['while', 'switch', 'sizeof', 'typeof', 'return'];

const isAvailable = (c: Checker, name: string): boolean =>
  findBuiltin(name) !== undefined || formNames.includes(name) || c.unit.macros.has(name);

function orList(names: readonly string[]): string {
  const calls = names.map((name) => `${name}()`);
  const last = calls.pop() ?? '';
  return calls.length === 0 ? last : `${calls.join(', ')} or ${last}`;
}
