#pragma mmscope machine arch=i386 ram=64M
unsigned long *pgd = (unsigned long *)swapper_pg_dir;
unsigned long before = pgd[0x306];
struct page *page = alloc_page(GFP_KERNEL); // allocated
pgd[0x306] = before & ~0x20ul; // cleared
pgd[0x306] = before; // set
__free_page(page);
pr_info("done\n"); // end
