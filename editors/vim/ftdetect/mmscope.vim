" Scenarios of mmscope. Vim itself takes *.mms for makefiles of OpenVMS, so the type is set, not proposed.
autocmd BufNewFile,BufRead *.mms set filetype=mmscope
