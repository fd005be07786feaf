" How scenarios are edited: as C, with two spaces.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=//\ %s
setlocal comments=sO:*\ -,mO:*\ \ ,exO:*/,s1:/*,mb:*,ex:*/,://
setlocal cindent expandtab shiftwidth=2 softtabstop=2
setlocal suffixesadd=.mms

let b:undo_ftplugin = 'setlocal commentstring< comments< cindent< expandtab< shiftwidth< softtabstop< suffixesadd<'
