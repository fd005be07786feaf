/**
 * variablesReferences: the containers that the client may ask about until the machine moves. Numbers are never reused, so
 * a reference from before a move is recognised as stale.
 *
 * Source: DAP "Lifetime of Objects References", Variable, variables.
 */
import type { ClientTraits } from '../protocol/capabilities.js';
import { formatAddress } from '../../engine/memory/address.js';
import { defined, type Dap } from '../protocol/dap.js';
import { errors } from '../protocol/errors.js';
import { fact, PLAIN, type Container, type Declared, type Format, type Shown } from './shown.js';

/** Indexed children that a client gets which names no count. What is left out is said in their place. */
const MAX_UNPAGED = 1000;
/** However many it names. */
const MAX_AT_ONCE = 20_000;
/** Children made between two looks at whether anybody still waits for them. */
const SLICE = 50;

/** Lets other requests through; false when the answer is not wanted any more. */
export type Breather = () => Promise<boolean>;

export class VariableStore {
  private stored = new Map<number, Container>();
  private nextReference = 1;

  private locations = new Map<number, Declared>();
  private nextLocation = 1;

  constructor(
    private readonly pointerSize: 4 | 8,
    private readonly traits: ClientTraits | undefined,
  ) {}

  /** The machine moves: every reference given out so far dies. */
  clear(): void {
    this.stored = new Map();
    this.locations = new Map();
  }

  location(reference: number): Declared {
    const declared = this.locations.get(reference);
    if (declared === undefined) throw errors.staleReference(reference);
    return declared;
  }

  /** A locationReference: where it is, is found out when the client asks. */
  locate(declared: Declared | undefined): number | undefined {
    if (declared === undefined) return undefined;
    const reference = this.nextLocation++;
    this.locations.set(reference, declared);
    return reference;
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
      evaluateName: shown.evaluateName,
      ...this.valueOf(shown),
      presentationHint: hintOf(shown),
      declarationLocationReference: this.locate(shown.declaration),
      // VS Code's own member: `debugProtocolVariableMenuContext` in the conditions of menus.
      __vscodeVariableMenuContext: this.traits?.isVsCode === true ? shown.menu : undefined,
    });
  }

  /** What Variable and the answers of evaluate, setVariable and setExpression share, `value` apart; some of it undefined. */
  valueOf(shown: Shown): {
    type?: string | undefined;
    variablesReference: number;
    namedVariables?: number;
    indexedVariables?: number;
    memoryReference?: string | undefined;
    valueLocationReference?: number | undefined;
  } {
    return {
      ...this.childrenOf(shown),
      type: this.traits?.supportsVariableType === true ? shown.type : undefined,
      memoryReference: this.memoryReference(shown),
      valueLocationReference: this.locate(shown.valueDeclaration),
    };
  }

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
    return memory === undefined || this.traits?.supportsMemoryReferences !== true
      ? undefined
      : formatAddress(memory, this.pointerSize);
  }

  /** Answers a `variables` request; long lists in slices. */
  async list(
    args: Dap.VariablesArguments,
    format: Format,
    breathe: Breather,
  ): Promise<Dap.Variable[]> {
    const { variablesReference, filter } = args;
    const container = this.get(variablesReference);
    const named = filter === 'indexed' ? [] : (container.named?.(format) ?? []);
    const listed = named.map((child) => this.toVariable(child));
    if (filter === 'named' || container.indexed === undefined) return listed;
    const { start, end, cut } = rangeOf(container, args);
    for (let from = start; from < end; from += SLICE) {
      // The machine may have moved meanwhile.
      if (from > start && (!(await breathe()) || this.get(variablesReference) !== container)) break;
      const slice = container.indexed(from, Math.min(SLICE, end - from), format);
      listed.push(...slice.map((child) => this.toVariable(child)));
    }
    return cut === undefined ? listed : [...listed, this.toVariable(cut)];
  }
}

/** Which indexed children a request gets, and what stands for those that it does not get. */
function rangeOf(
  { nrIndexed = 0 }: Container,
  { start: from = 0, count = 0 }: Dap.VariablesArguments,
): { readonly start: number; readonly end: number; readonly cut: Shown | undefined } {
  const start = Math.max(0, Math.trunc(from));
  const asked = count <= 0 ? nrIndexed : Math.min(start + Math.trunc(count), nrIndexed);
  const end = Math.min(asked, start + (count <= 0 ? MAX_UNPAGED : MAX_AT_ONCE));
  if (end >= asked) return { start, end: asked, cut: undefined };
  const how = `${asked - end} more: ask for them with 'start' ${end} and a 'count'`;
  return { start, end, cut: fact(`[${end}...${asked - 1}]`, how) };
}

function hintOf({ kind, readOnly }: Shown): Dap.VariablePresentationHint | undefined {
  if (kind === undefined && readOnly !== true) return undefined;
  return defined({ kind, attributes: readOnly === true ? ['readOnly'] : undefined });
}
