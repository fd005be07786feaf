/**
 * variablesReferences: the containers that the client may ask about until the machine moves. Numbers are never reused, so
 * a reference from before a move is recognised as stale.
 *
 * Source: DAP "Lifetime of Objects References", Variable, variables.
 */
import { formatAddress } from '../../engine/memory/address.js';
import { defined, type Dap } from '../protocol/dap.js';
import { errors } from '../protocol/errors.js';
import { PLAIN, type Container, type Format, type Shown } from './shown.js';

/** Children that a client gets which asks for all of them: more would stall it. Paging clients never see this. */
const MAX_UNPAGED = 5000;

export class VariableStore {
  private stored = new Map<number, Container>();
  private nextReference = 1;

  constructor(private readonly pointerSize: 4 | 8) {}

  /** The machine moves: every reference given out so far dies. */
  clear(): void {
    this.stored = new Map();
  }

  add(container: Container): number {
    const reference = this.nextReference++;
    this.stored.set(reference, container);
    return reference;
  }

  get(reference: number): Container {
    const stored = this.stored.get(reference);
    if (stored === undefined) throw errors.staleReference(reference);
    return stored;
  }

  /** The protocol's form of what is shown. */
  toVariable(shown: Shown): Dap.Variable {
    return defined({
      name: shown.name,
      value: shown.value,
      type: shown.type,
      evaluateName: shown.evaluateName,
      ...this.childrenOf(shown),
      memoryReference: this.memoryReference(shown),
      presentationHint: hintOf(shown),
    });
  }

  /** The members that Variable, Scope and the results of evaluate share. */
  childrenOf({ children }: Shown): {
    variablesReference: number;
    namedVariables?: number;
    indexedVariables?: number;
  } {
    if (children === undefined) return { variablesReference: 0 };
    const variablesReference = this.add(children);
    const { nrIndexed } = children;
    // Without a count the client asks for everything; with indexed children it must know that there are named ones, too.
    if (nrIndexed === undefined) return { variablesReference };
    return {
      variablesReference,
      indexedVariables: nrIndexed,
      namedVariables: children.named === undefined ? 0 : children.named(PLAIN).length,
    };
  }

  memoryReference({ memory }: Shown): string | undefined {
    return memory === undefined ? undefined : formatAddress(memory, this.pointerSize);
  }

  /** Answers a `variables` request. */
  list(args: Dap.VariablesArguments, format: Format): Dap.Variable[] {
    const container = this.get(args.variablesReference);
    const shown: Shown[] = [];
    if (args.filter !== 'indexed') shown.push(...(container.named?.(format) ?? []));
    if (args.filter !== 'named') shown.push(...indexedOf(container, args, format));
    return shown.map((child) => this.toVariable(child));
  }
}

function indexedOf(
  container: Container,
  args: Dap.VariablesArguments,
  format: Format,
): readonly Shown[] {
  const { indexed, nrIndexed = 0 } = container;
  if (indexed === undefined || nrIndexed === 0) return [];
  const start = Math.max(0, Math.trunc(args.start ?? 0));
  const asked = args.count === undefined || args.count <= 0 ? MAX_UNPAGED : Math.trunc(args.count);
  const count = Math.min(asked, nrIndexed - start);
  return count <= 0 ? [] : indexed(start, count, format);
}

function hintOf({ kind, readOnly }: Shown): Dap.VariablePresentationHint | undefined {
  if (kind === undefined && readOnly !== true) return undefined;
  return defined({ kind, attributes: readOnly === true ? ['readOnly'] : undefined });
}
