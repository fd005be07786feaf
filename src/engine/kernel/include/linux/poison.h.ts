/**
 * Bytes that mark memory which nobody may use.
 *
 * Source: Linux 6.1 include/linux/poison.h. The pointers of lists are constants of a profile.
 */

/** Right and left of an object that is free, and of one that is in use. */
export const SLUB_RED_INACTIVE = 0xbb;
export const SLUB_RED_ACTIVE = 0xcc;

/** Memory between objects; of a free object; its last byte. */
export const POISON_INUSE = 0x5a;
export const POISON_FREE = 0x6b;
export const POISON_END = 0xa5;
