/**
 * DAP readMemory, writeMemory. A memoryReference is an address as text: kernel virtual, or `phys:0x...` for frames that no
 * linear mapping has.
 */
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { locateMemory } from '../debuggee/memoryReference.js';
import { fromBase64, toBase64 } from '../protocol/base64.js';
import { announceEdit, edit } from './editing.js';
import type { Handlers } from './table.js';

/** More than any view asks for at once. */
const MAX_BYTES = 16 << 20;

export const memoryHandlers = (session: Session): Handlers<'readMemory' | 'writeMemory'> => ({
  readMemory({ memoryReference, offset = 0, count }) {
    const { target } = session.current;
    const place = locateMemory(target.image, memoryReference, offset);
    if (place === undefined) throw errors.badAddress(memoryReference);
    const wanted = Math.max(0, Math.min(Math.trunc(count), MAX_BYTES));
    const bytes = place.read(wanted);
    const unreadable = Math.max(0, Math.trunc(count)) - bytes.length;
    return {
      address: place.address,
      ...(unreadable > 0 && { unreadableBytes: unreadable }),
      ...(bytes.length > 0 && { data: toBase64(bytes) }),
    };
  },

  writeMemory({ memoryReference, offset = 0, data, allowPartial }, { afterResponse }) {
    const { target } = session.current;
    const place = locateMemory(target.image, memoryReference, offset);
    if (place === undefined) throw errors.badAddress(memoryReference);
    const bytes = fromBase64(data);
    if (bytes === undefined) throw errors.badArguments("'data' is not base64.");
    const readable = place.read(bytes.length).length;
    const written = allowPartial === true ? bytes.subarray(0, readable) : bytes;
    if (readable < written.length || (bytes.length > 0 && readable === 0))
      throw errors.notWritable(place.address);
    edit(session, () => place.write(written));
    afterResponse(() => {
      announceEdit(session, undefined);
      if (session.traits?.supportsMemoryEvent === true)
        session.connection.event('memory', {
          memoryReference,
          offset,
          count: written.length,
        });
    });
    return { bytesWritten: written.length };
  },
});
