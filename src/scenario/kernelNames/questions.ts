/** Questions that look like calls: the debugger answers them by themselves; neither C nor Linux has them. */
const QUESTIONS: ReadonlyMap<string, string> = new Map([
  ['where', 'dump_page(page, "why") prints what a page is'],
  ['walk', 'pgd_offset(), p4d_offset() and so on lead from table to table'],
  ['verdict', 'what a call returns tells whether it has failed'],
]);

/** What is said where one stands in C: who answers it, and what C has for the purpose. */
export function questionText(name: string): string | undefined {
  const instead = QUESTIONS.get(name);
  return instead === undefined
    ? undefined
    : `${name}() is a question to the debugger, not a function: ask it by itself in the debug console, in a watch or in a hover. Here ${instead}`;
}
