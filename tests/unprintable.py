"""Writes unprintable.h from Python's copy of the Unicode Character Database."""
import unicodedata

# DerivedCoreProperties.txt: Default_Ignorable_Code_Point of what is not a format character or unassigned anyway.
IGNORABLE = [(0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164),
             (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)]
BLANK = [0x2800, 0x1D159]  # BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD


def unprintable(code):
    category = unicodedata.category(chr(code))
    return (category[0] == "C" or category in ("Zl", "Zp") or category == "Zs" and code != 0x20 or code in BLANK
            or any(first <= code <= last for first, last in IGNORABLE))


runs, state, length = [], False, 0
for code in range(0x20, 0xE0000):
    if unprintable(code) != state:
        runs.append(length)
        state, length = not state, 0
    length += 1
runs.append(length)
data = []
for run in runs:
    while run >= 0x80:
        data.append(0x80 | run & 0x7F)
        run >>= 7
    data.append(run)
print("/* Written by tests/unprintable.py from Unicode %s. How many characters from U+0020 on are printable, how many\n"
      " * that follow are not, and so on, up to U+DFFFF; seven bits a byte, the lowest first, the last byte of a number\n"
      " * below 0x80. What is behind them is not printable. */" % unicodedata.unidata_version)
print("static const unsigned char unprintable[] = {")
for i in range(0, len(data), 20):
    print("\t" + " ".join("%d," % byte for byte in data[i:i + 20]))
print("};")
