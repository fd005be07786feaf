/**
 * DAP readMemory, writeMemory. A memoryReference is an address as text: kernel virtual, or `phys:0x...` for frames that no
 * linear mapping has.
 */
import { errors } from '../protocol/errors.js';
import { letMessagesThrough } from '../inPieces.js';
import type { Session } from '../session.js';
import { locateMemory } from '../debuggee/memoryReference.js';
import { fromBase64, toBase64 } from '../protocol/base64.js';
import { announceEdit, edit } from './editing.js';
import type { Handlers } from './table.js';

/** Read without a pause: some tens of milliseconds. */
const SLICE_BYTES = 1 << 20;
/** More than any view asks for at once. */
const MAX_BYTES = 16 << 20;

export const memoryHandlers = (session: Session): Handlers<'readMemory' | 'writeMemory'> => ({
  async readMemory({ memoryReference, offset = 0, count }, context) {
    const { target } = session.current;
    const place = locateMemory(target.image, memoryReference, offset);
    if (place === undefined) throw errors.badAddress(memoryReference);
    const bytes = new Uint8Array(Math.min(count, MAX_BYTES));
    let done = 0;
    while (done < bytes.length) {
      if (done > 0) await letMessagesThrough(session, context);
      const wanted = Math.min(SLICE_BYTES, bytes.length - done);
      const slice = locateMemory(target.image, memoryReference, offset + done)?.read(wanted);
      if (slice === undefined) break;
      bytes.set(slice, done);
      done += slice.length;
      if (slice.length < wanted) break;
    }
    const unreadable = count - done;
    return {
      address: place.address,
      ...(unreadable > 0 && { unreadableBytes: unreadable }),
      ...(done > 0 && { data: toBase64(bytes.subarray(0, done)) }),
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
