"""Circuit files in any encoding: comments of any bytes, lines with any end, names in Latin-1."""

import pytest

from fw_circuits import _files
from fw_circuits.circuits.formats import naming
from fw_circuits.exceptions import CircuitError
from tests.helpers.circuits import read, tables

COMMENTS = {
    ".blif": (b"# %s\n", b".model m\n.inputs a b\n.outputs y\n.names a b y # %s\n11 1\n.end\n"),
    ".bench": (b"# %s\n", b"INPUT(a)\nINPUT(b)\nOUTPUT(y)\ny = AND(a, b) # %s\n"),
    ".v": (b"// %s\n", b"module m(a,b,y); input a,b; output y; /* %s */ assign y = a & b;\nendmodule\n"),
}


@pytest.mark.parametrize("ending", COMMENTS)
@pytest.mark.parametrize("noise", [b"Stra\xdfe", "Möbius".encode(), b"\xa9\x00\xff", b"a\x0cb"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_comments_may_hold_any_bytes_and_lines_any_end(ending, noise, line_end):
    head, body = COMMENTS[ending]
    for start in (b"", b"\xef\xbb\xbf"):
        data = start + (head % noise + body % noise).replace(b"\n", line_end)
        assert tables(ending, data) == [8]


def test_names_in_latin_1_are_read_as_such():
    circuit = read(".blif", b".model m\n.inputs Stra\xdfe\n.outputs y\n.names Stra\xdfe y\n0 1\n.end\n")
    assert circuit.inputs == ("Straße",)
    assert naming.decode("gr\udcc3\udcbc") == "grÃ¼"
    assert _files.text_of(b"\xef\xbb\xbfa\x0c\rb") == "a\x0c\nb"
    with pytest.raises(CircuitError, match="UTF-16"):
        read(".bench", "INPUT(a)".encode("utf-16"))
