#!/bin/sh
# Collects what memory management shows of a machine, for `mmscope explain FOLDER/*`:
#
#     sh capture.sh [FOLDER]         files of /proc, as text, and dmesg
#     sh capture.sh --frames FOLDER  kpageflags and kpagecount too (16 bytes for each page frame; root)
#
# Read-only: it copies files and changes nothing. As root it sees more: slabinfo, addresses, pagetypeinfo. What it copies names processes and
# addresses of the machine, nothing of the contents of memory. Look through it before you post it.
set -u

frames=no
if [ "${1:-}" = --frames ]; then
  frames=yes
  shift
fi
folder=${1:-mmscope-capture-$(date +%Y%m%d-%H%M%S)}
mkdir -p "$folder" || exit 1

copy() {
  if cat "$1" >"$folder/$2" 2>/dev/null && [ -s "$folder/$2" ]; then
    echo "  $1"
  else
    rm -f "$folder/$2"
    echo "  $1: cannot be read (try as root)" >&2
  fi
}

echo "into $folder:"
uname -a | sed 's/^/kernel: Linux version /; s/version Linux [^ ]* /version /' >"$folder/version.txt"
for name in meminfo buddyinfo zoneinfo pagetypeinfo slabinfo vmallocinfo iomem vmstat cmdline swaps; do
  copy "/proc/$name" "$name.txt"
done
for name in min_free_kbytes watermark_scale_factor lowmem_reserve_ratio overcommit_memory nr_hugepages; do
  [ -r "/proc/sys/vm/$name" ] && echo "vm.$name = $(cat "/proc/sys/vm/$name")"
done >"$folder/sysctl.txt"
dmesg >"$folder/dmesg.txt" 2>/dev/null || rm -f "$folder/dmesg.txt"
if [ "$frames" = yes ]; then
  copy /proc/kpageflags kpageflags.bin
  copy /proc/kpagecount kpagecount.bin
fi
echo "then: mmscope explain $folder/*"
