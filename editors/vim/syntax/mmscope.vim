" A scenario is C with tasks, processors and one pragma: Vim's own C highlighting, and what mmscope adds to it.
if exists('b:current_syntax')
  finish
endif

runtime! syntax/c.vim
unlet! b:current_syntax

syntax match mmscopePragma /^\s*#\s*pragma\s\+mmscope\>.*$/ contains=mmscopePragmaKind,mmscopeKey,mmscopeValue
syntax keyword mmscopePragmaKind machine core state kernel contained
syntax match mmscopeKey /\<\h\w*\ze=/ contained
syntax match mmscopeValue /=\zs\%("[^"]*"\|\S\+\)/ contained

syntax match mmscopeTask /^\s*\zstask\ze\s\+\h\w*/ nextgroup=mmscopeTaskName skipwhite
syntax match mmscopeTaskName /\h\w*/ contained
syntax match mmscopeCpu /\<cpu\ze\s*(\s*\d\+\s*)\s*{/
syntax keyword mmscopeCheck expect verdict where walk proc
syntax keyword mmscopeType gfp_t bool u8 u16 u32 u64 s8 s16 s32 s64 phys_addr_t dma_addr_t pgprot_t pte_t pmd_t pud_t p4d_t pgd_t
syntax match mmscopeFlag /\<\%(__\)\?GFP_[A-Z0-9_]\+\>\|\<PG_[a-z_0-9]\+\>\|\<ZONE_[A-Z0-9]\+\>\|\<MIGRATE_[A-Z_]\+\>\|\<NR_[A-Z_]\+\>/

highlight default link mmscopePragma PreProc
highlight default link mmscopePragmaKind Keyword
highlight default link mmscopeKey Identifier
highlight default link mmscopeValue String
highlight default link mmscopeTask Keyword
highlight default link mmscopeTaskName Function
highlight default link mmscopeCpu Keyword
highlight default link mmscopeCheck Function
highlight default link mmscopeType Type
highlight default link mmscopeFlag Constant

let b:current_syntax = 'mmscope'
