/** The loops and switches of one function that are open, innermost last: where `break` and `continue` lead. Source: ISO C11 6.8.6. */
import type { Diagnostics } from '../syntax/diagnostic.js';
import type { Span } from '../syntax/span.js';
import type { Label } from './assembler.js';

export interface BreakableLabels {
  readonly onBreak: Label;
  /** Absent in a switch. */
  readonly onContinue: Label | undefined;
}

interface Breakable extends BreakableLabels {
  /** How many `cpu` blocks were open outside. */
  readonly cpuDepth: number;
}

export class Breakables {
  private readonly open: Breakable[] = [];

  constructor(private readonly diagnostics: Diagnostics) {}

  inside(labels: BreakableLabels, cpuDepth: number, compile: () => void): void {
    this.open.push({ ...labels, cpuDepth });
    compile();
    this.open.pop();
  }

  /** Where one leads, and how many `cpu` blocks stay open there; undefined, with a finding, if there is nothing to leave. */
  target(
    kind: 'break' | 'continue',
    span: Span,
  ): { readonly label: Label; readonly cpuDepth: number } | undefined {
    const target = this.open.findLast(
      ({ onContinue }) => kind === 'break' || onContinue !== undefined,
    );
    const label = kind === 'break' ? target?.onBreak : target?.onContinue;
    if (target !== undefined && label !== undefined) return { label, cpuDepth: target.cpuDepth };
    const where = kind === 'break' ? 'a loop or switch' : 'a loop';
    this.diagnostics.error('bad-control', span, `'${kind}' can only be used in ${where}`);
    return undefined;
  }
}
