/**
 * Changing the machine while it stands: entries on the tape at the cursor, cutting off what lay to the right.
 * Every way to edit goes through here, so that views, map and breakpoints hear of it.
 */
import { writeBytes } from '../../engine/image/assemble.js';
import { formatAddress } from '../../engine/memory/address.js';
import { encodePlace, type Place, type ScalarValue } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import { typeName } from '../../engine/types/typeName.js';
import { counted } from '../../engine/view/counted.js';
import { initialization } from '../evaluation/initialization.js';
import type { Evaluated } from '../evaluation/evaluator.js';
import { AdapterError, errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { viewpointOf } from './viewpoint.js';

/** Assigns to an object: the value of an expression, or to an array or a struct what an initializer says. */
export function assign(
  session: Session,
  place: Place,
  expression: string,
  frameId: number | undefined,
): void {
  const { target } = session.current;
  const { memory, profile } = target.context;
  const { kind } = stripTypedefs(place.type);
  if (kind === 'array' || kind === 'struct' || kind === 'union') {
    initialize(session, place, expression, frameId);
    return;
  }
  const value = scalarFor(session, place.type, expression, frameId);
  const bytes = encodePlace(memory, place, value);
  if (bytes === undefined)
    throw errors.cannotAssign(`'${typeName(place.type)}' is not a type that can be set.`);
  const readable = memory.readBytes(place.address, bytes.length).length === bytes.length;
  edit(session, () => void writeBytes(target.image, place.address, bytes));
  if (!readable) throw errors.notWritable(formatAddress(place.address, profile.pointerSize));
}

/** As C assigns a compound literal: what the initializer does not name becomes zero. */
function initialize(
  session: Session,
  place: Place,
  written: string,
  frameId: number | undefined,
): void {
  const { target } = session.current;
  const { pointerSize } = target.image.profile;
  const made = initialization(place, written, pointerSize);
  if ('reason' in made) throw errors.cannotAssign(made.reason);
  const readable = target.context.memory.readBytes(place.address, 1).length > 0;
  if (!readable) throw errors.notWritable(formatAddress(place.address, pointerSize));
  const at = viewpointOf(session, frameId);
  try {
    const { room, code } = made;
    edit(session, () => {
      const { evaluator } = target;
      const bytes =
        room === undefined ? 0 : Number(evaluator.evaluate(room.code, at, 'allowed').value);
      if (room !== undefined && bytes > room.atMost)
        throw errors.cannotEvaluate(
          `it has ${counted(bytes, 'byte')}, and there is room for ${room.atMost}`,
        );
      evaluator.evaluate(code, at, 'allowed');
    });
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    throw errors.cannotAssign(
      `'${written}' does not initialize a '${typeName(place.type)}': ${error.message}.`,
    );
  }
}

/** Runs something that writes to the tape, as an edit. True if anything was written. */
export function edit(session: Session, write: () => void): boolean {
  const changed = session.current.target.timeline.edit(write);
  if (changed) session.forgetFuture();
  return changed;
}

/** Tells the client that what it shows may be old. */
export function announceEdit(session: Session, place: Place | undefined): void {
  const { connection, traits, current } = session;
  const { pointerSize } = current.target.image.profile;
  if (place !== undefined && traits?.supportsMemoryEvent === true)
    connection.event('memory', {
      memoryReference: formatAddress(place.address, pointerSize),
      offset: 0,
      count: Math.max(1, sizeOf(place.type, pointerSize)),
    });
  if (traits?.supportsInvalidatedEvent === true)
    connection.event('invalidated', { areas: ['variables'] });
}

/** The value of an expression that is to be stored in an object of a scalar type. */
export function scalarFor(
  session: Session,
  type: CType,
  expression: string,
  frameId: number | undefined,
): ScalarValue {
  const { target } = session.current;
  const named = enumeratorNamed(type, expression.trim());
  if (named !== undefined) return named;
  const result: Evaluated = target.evaluator.evaluate(expression, viewpointOf(session, frameId));
  if (result.value === undefined)
    throw errors.cannotAssign(
      `'${expression}' is a ${typeName(result.type)}, not a number or pointer.`,
    );
  return result.value;
}

/** An enumerator of the object's own type needs no lookup. */
function enumeratorNamed(type: CType, name: string): number | undefined {
  const bare = stripTypedefs(type);
  return bare.kind === 'enum' ? bare.enumerators.find((e) => e.name === name)?.value : undefined;
}
