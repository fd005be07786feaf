/**
 * Puts nodes in the place of others and keeps of the old ones what is the same: the page lays out and styles anew only what is new. From
 * one stop to the next that is little of a picture.
 */
export function reconcile(parent: Element, nodes: readonly Element[]): void {
  const old = [...parent.children];
  nodes.forEach((node, i) => {
    const there = old[i];
    if (there === undefined) parent.append(node);
    else if (there !== node && !there.isEqualNode(node)) there.replaceWith(node);
  });
  for (const extra of old.slice(nodes.length)) extra.remove();
}
