/**
 * The labels of one function, and the `cpu` blocks around them: a goto out of such a block goes back to the CPU before it, and
 * none can lead into one.
 *
 * Source: ISO C11 6.8.1, 6.8.6.1; gcc's `__label__`, which makes a label a block's own.
 */
import type { Block } from '../syntax/ast.js';
import type { Diagnostics } from '../syntax/diagnostic.js';
import type { Span } from '../syntax/span.js';
import { Label, type Later } from './assembler.js';

interface KnownLabel {
  readonly name: string;
  readonly label: Label;
  /** Undefined until it is placed. */
  span: Span | undefined;
  /** Where the `cpu` blocks around it keep the CPU before them. */
  cpuSlots: readonly number[];
  readonly uses: LabelUse[];
}

interface LabelUse {
  readonly span: Span;
  readonly cpuSlots: readonly number[];
  /** The outermost block that the goto leaves; -1 if it leaves none. */
  readonly leaves: Later;
}

interface LabelScope {
  readonly names: Map<string, KnownLabel>;
  /** What a block declares as its own; undefined: the function. */
  readonly own: ReadonlySet<string> | undefined;
}

export class Labels {
  /** Innermost last: the function's own, then those of blocks that declare some. */
  private readonly scopes: LabelScope[] = [{ names: new Map(), own: undefined }];

  constructor(private readonly diagnostics: Diagnostics) {}

  /** Runs `compile` with the labels that a block declares as its own. */
  inBlock(block: Block, compile: () => void): void {
    if (block.ownLabels === undefined) {
      compile();
      return;
    }
    this.scopes.push({ names: new Map(), own: new Set(block.ownLabels) });
    compile();
    this.check(this.scopes.pop()?.names.values() ?? []);
  }

  private known(name: string): KnownLabel {
    const scope = this.scopes.findLast(({ own }) => own === undefined || own.has(name));
    const names = scope?.names ?? new Map<string, KnownLabel>();
    let known = names.get(name);
    if (known === undefined)
      names.set(
        name,
        (known = { name, label: new Label(), span: undefined, uses: [], cpuSlots: [] }),
      );
    return known;
  }

  /** The label that is placed here; undefined, with a finding, if there is one of that name already. */
  place(name: string, span: Span, cpuSlots: readonly number[]): Label | undefined {
    const known = this.known(name);
    if (known.span !== undefined && known.span.start !== span.start) {
      this.diagnostics.error('redefined', span, `the label '${name}' is defined twice`);
      return undefined;
    }
    known.span = span;
    known.cpuSlots = [...cpuSlots];
    return known.label;
  }

  /** A goto: its label, and which `cpu` block it leaves, which is known when the label has been placed. */
  use(
    name: string,
    span: Span,
    cpuSlots: readonly number[],
  ): { readonly label: Label; readonly leaves: Later } {
    const known = this.known(name);
    const leaves: Later = { value: -1 };
    known.uses.push({ span, cpuSlots: [...cpuSlots], leaves });
    return { label: known.label, leaves };
  }

  /** At the end of the function. */
  finish(): void {
    this.check(this.scopes[0]?.names.values() ?? []);
  }

  private check(labels: Iterable<KnownLabel>): void {
    for (const { name, span, uses, cpuSlots } of labels)
      for (const use of uses) {
        if (span === undefined)
          this.diagnostics.error('unknown-name', use.span, `there is no label '${name}' here`);
        else if (cpuSlots.some((slot, i) => slot !== use.cpuSlots[i]))
          this.diagnostics.error(
            'bad-control',
            use.span,
            `goto cannot lead into a cpu block, in which '${name}' lies`,
          );
        else use.leaves.value = use.cpuSlots[cpuSlots.length] ?? -1;
      }
  }
}
