/** The items of the lists of a page, each in one line. */
export function listItems(page: string): readonly string[] {
  const items: string[] = [];
  let isInside = false;
  for (const line of page.split('\n')) {
    const [, text] = /^(?:-|\d+\.) (.*)$/.exec(line) ?? [];
    if (text !== undefined) items.push(text);
    else if (isInside && /^ +\S/.test(line)) items.push(`${items.pop() ?? ''} ${line.trim()}`);
    isInside = text !== undefined || (isInside && /^ +\S/.test(line));
  }
  return items;
}
