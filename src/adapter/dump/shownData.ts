/** An answer about a dump as a tree of variables: its sentence, opened by its data. */
import type { Answer, Json } from '../../engine/inspect/ask/answer.js';
import { isObject, scalarText } from '../../engine/inspect/ask/object.js';
import { counted } from '../../engine/view/counted.js';
import type { Container, Shown } from '../present/shown.js';

export const showAnswer = (name: string, { text, data }: Answer): Shown => ({
  name,
  value: text,
  kind: 'virtual',
  readOnly: true,
  ...(isObject(data) && { children: childrenOf(data) }),
});

function showData(name: string, data: Json): Shown {
  const common = { name, kind: 'virtual', readOnly: true } as const;
  if (!isObject(data)) return { ...common, value: scalarText(data) };
  const nrItems = Array.isArray(data) ? data.length : Object.keys(data).length;
  const value = Array.isArray(data) ? counted(nrItems, 'element') : summary(data);
  return { ...common, value, children: childrenOf(data) };
}

/** `pid 1, comm init, ...`: the first scalars. */
const summary = (data: object): string =>
  Object.entries(data as Record<string, Json>)
    .filter(([, value]) => !isObject(value))
    .slice(0, 4)
    .map(([name, value]) => `${name} ${scalarText(value)}`)
    .join(', ');

function childrenOf(data: Exclude<Json, null | boolean | number | string>): Container {
  if (Array.isArray(data)) {
    const items = data as readonly Json[];
    return {
      nrIndexed: items.length,
      indexed: (start, count) =>
        items.slice(start, start + count).map((item, i) => showData(`[${start + i}]`, item)),
    };
  }
  return {
    named: () => Object.entries(data).map(([name, value]) => showData(name, value)),
  };
}
