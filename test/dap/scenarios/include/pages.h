#pragma once

static struct page *take(int order)
{
  return alloc_pages(GFP_KERNEL, order); // allocation
}

static void give(struct page *page, int order)
{
  __free_pages(page, order); // free
}
