/** The kernel as callers from outside use it: the kernel's functions, with the short way to single pages in front. */
export * from './functions.js';
export { __free_page, __free_pages, alloc_page, alloc_pages } from '../fast/entrance.js';
