/** The kernel as it runs when nobody steps through it: its functions, with a shorter way to the commonest ones. */
export * from './functions.js';
export { __free_page, __free_pages, alloc_page, alloc_pages } from './entrance.js';
