/**
 * struct kobject: what has a name, a directory in sysfs, a place in a kset, and an end that a reference count decides.
 *
 * Source: Linux 6.1 include/linux/kobject.h.
 */
import type { Pointer } from '../../../machine/ctypes.js';

export type Kobject = Pointer<'struct kobject'>;
export type Kset = Pointer<'struct kset'>;
export type KobjType = Pointer<'struct kobj_type'>;
