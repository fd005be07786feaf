/**
 * Completions of the console and of watches: members after `.` and `->`, tags after `struct`, else names in view, builtins, and the
 * kernel's. Inside a string literal there are none.
 */
import type { Dap } from '../protocol/dap.js';
import { AdapterError } from '../protocol/errors.js';
import { COMMANDS } from '../../engine/inspect/ask/commands/commands.js';
import { QUESTIONS } from '../../engine/inspect/ask/questions.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { flattenMembers } from '../../engine/types/members.js';
import { typeName } from '../../engine/types/typeName.js';
import type { CType } from '../../engine/types/model.js';
import type { Target } from '../debuggee/target.js';
import type { Viewpoint } from './evaluator.js';
import { memberParts } from './memberNames.js';
import { HELPERS } from './helpers.js';

/** More than a list shows at once. */
const MAX_ITEMS = 200;

/** @param before the text left of the cursor */
export function complete(
  target: Target,
  before: string,
  at: Viewpoint | undefined,
): Dap.CompletionItem[] {
  if (inString(before)) return [];
  const [, keyword, tag = ''] = /\b(struct|union|enum)\s+(\w*)$/.exec(before) ?? [];
  if (keyword !== undefined) return tags(target, keyword, tag);
  const member = /((?:[\w\].)]|->|\[[^\]]*\]|\([^()]*\))+?)\s*(\.|->)\s*(\w*)$/.exec(before);
  if (member?.[1] !== undefined && at !== undefined && /[A-Za-z_)\]]/.test(member[1]))
    return members(target, member[1], member[2] ?? '.', member[3] ?? '', at);
  const prefix = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  return names(target, prefix, at);
}

/** Whether a text ends inside a string or character literal, or behind one in a comment. */
function inString(text: string): boolean {
  const rest = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  return /["']|\/\//.test(rest);
}

function tags({ image }: Target, keyword: string, prefix: string): Dap.CompletionItem[] {
  const { structs, unions, enums } = image.profile.types.names();
  const known = keyword === 'struct' ? structs : keyword === 'union' ? unions : enums;
  return known
    .filter((name) => name.startsWith(prefix))
    .sort()
    .slice(0, MAX_ITEMS)
    .map((name) => item(name, prefix, 'class', `${keyword} ${name}`));
}

function members(
  target: Target,
  object: string,
  accessor: string,
  prefix: string,
  at: Viewpoint,
): Dap.CompletionItem[] {
  const type = typeOf(target, object, at);
  const struct = type && structOf(type, accessor === '->');
  if (struct === undefined) return [];
  return flattenMembers(struct)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, type: of }) => item(name, prefix, 'field', typeName(of)));
}

function typeOf(target: Target, expression: string, at: Viewpoint): CType | undefined {
  try {
    return target.evaluator.evaluate(expression, at).type;
  } catch (error) {
    if (error instanceof AdapterError) return undefined;
    throw error;
  }
}

function structOf(type: CType, pointer: boolean) {
  const bare = stripTypedefs(type);
  const object = pointer && bare.kind === 'pointer' ? stripTypedefs(bare.target) : bare;
  return object.kind === 'struct' || object.kind === 'union' ? object : undefined;
}

function names(target: Target, prefix: string, at: Viewpoint | undefined): Dap.CompletionItem[] {
  const found = new Map<string, Dap.CompletionItem>();
  const add = (name: string, type: Dap.CompletionItemType, detail?: string): void => {
    if (name.startsWith(prefix) && !found.has(name))
      found.set(name, item(name, prefix, type, detail));
  };
  if (at !== undefined) {
    for (const { name, type } of at.extra ?? [])
      if (memberParts(name) === undefined) add(name, 'variable', typeName(type));
    const { scenario } = target;
    const inScope =
      scenario === undefined ? [] : [...scenario.locals(at.task, at.frame), ...scenario.globals()];
    for (const { name, place } of inScope) add(name, 'variable', typeName(place.type));
  }
  if (target.image.dumped !== undefined) {
    for (const [name, { signature }] of Object.entries(QUESTIONS)) add(name, 'function', signature);
    for (const [name, { usage, summary }] of Object.entries(COMMANDS))
      add(name, 'keyword', `${usage}: ${summary}`);
  }
  add('verdict', 'function', 'the record of the newest attempt to allocate');
  for (const [name, { signature }] of Object.entries(HELPERS)) add(name, 'function', signature);
  for (const { name, kind, detail } of target.evaluator.names(prefix)) {
    if (found.size >= MAX_ITEMS) break;
    add(name, kind, detail);
  }
  return [...found.values()].slice(0, MAX_ITEMS);
}

const item = (
  label: string,
  prefix: string,
  type: Dap.CompletionItemType,
  detail?: string,
): Dap.CompletionItem => ({
  label,
  type,
  length: prefix.length,
  ...(detail !== undefined && detail !== '' && { detail }),
});
