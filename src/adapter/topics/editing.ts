/**
 * Changing the machine while it stands: entries on the tape at the cursor, cutting off what lay to the right.
 * Every way to edit goes through here, so that views, map and breakpoints hear of it.
 */
import { writeBytes } from '../../engine/image/assemble.js';
import { formatAddress } from '../../engine/memory/address.js';
import { encodePlace, type Place, type ScalarValue } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import { typeName } from '../../engine/types/typeName.js';
import type { Evaluated } from '../evaluation/evaluator.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { viewpointOf } from './viewpoint.js';

/** Assigns the value of an expression to a scalar object. */
export function assign(
  session: Session,
  place: Place,
  expression: string,
  frameId: number | undefined,
): void {
  const { target } = session.current;
  const { memory, profile } = target.context;
  const value = scalarFor(session, place, expression, frameId);
  const bytes = encodePlace(memory, place, value);
  if (bytes === undefined)
    throw errors.cannotAssign(
      `A ${typeName(place.type)} cannot be set as a whole: set its members.`,
    );
  const readable = memory.readBytes(place.address, bytes.length).length === bytes.length;
  edit(session, () => void writeBytes(target.image, place.address, bytes));
  if (!readable) throw errors.notWritable(formatAddress(place.address, profile.pointerSize));
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

function scalarFor(
  session: Session,
  place: Place,
  expression: string,
  frameId: number | undefined,
): ScalarValue {
  const { target } = session.current;
  const named = enumeratorNamed(place, expression.trim());
  if (named !== undefined) return named;
  const result: Evaluated = target.evaluator.evaluate(expression, viewpointOf(session, frameId));
  if (result.value === undefined)
    throw errors.cannotAssign(
      `'${expression}' is a ${typeName(result.type)}, not a number or pointer.`,
    );
  return result.value;
}

/** An enumerator of the object's own type needs no lookup. */
function enumeratorNamed(place: Place, name: string): number | undefined {
  const type = stripTypedefs(place.type);
  return type.kind === 'enum' ? type.enumerators.find((e) => e.name === name)?.value : undefined;
}
