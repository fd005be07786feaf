/** What printk formats need of a call: memory, and the nested format of `%pV`. */
import { vsprintf, type PrintServices } from '../printk/print.js';
import type { BuiltinCall } from './call.js';

export function printServices(call: BuiltinCall): PrintServices {
  const size = call.k.wide ? 8 : 4;
  const services: PrintServices = {
    profile: call.profile,
    readBytes: call.memory.readBytes,
    note: (conversion, value, text) => {
      call.outOfDomain(conversion, value, text);
    },
    // struct va_format: a format, and a pointer to the va_list of its arguments.
    nested: (address) => {
      const format = call.string(call.memory.load(address, size));
      const list = call.memory.load(call.offset(address, size), size);
      // On i386 the list is a pointer itself, and this is its address.
      const args = call.k.wide ? list : call.memory.load(list, size);
      return vsprintf(services, format, call.variableArguments(args));
    },
  };
  return services;
}
