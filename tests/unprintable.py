# SPDX-License-Identifier: GPL-2.0-only
"""Writes unprintable.h from the Unicode Character Database, of Debian's package unicode-data."""
import re

UCD = "/usr/share/unicode/"
PLANES = 0x40000  # characters beyond these are unassigned, private, tags, or variation selectors
BLOCK = 128
PRINTED, ESCAPED, MARK = range(3)  # enum utf8_kind
BLANK = [0x2800, 0x1D159]  # BRAILLE PATTERN BLANK, MUSICAL SYMBOL NULL NOTEHEAD
INVISIBLE = [0x2D7F, 0x16FE4]  # TIFINAGH CONSONANT JOINER, KHITAN SMALL SCRIPT FILLER


def having(name, values):
    """The characters that have one of the values in a file of the database."""
    for line in open(UCD + name, encoding="utf-8"):
        match = re.match(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*(\w+)", line)
        if match and match.group(3) in values:
            yield from range(int(match.group(1), 16), int(match.group(2) or match.group(1), 16) + 1)


def categories():
    """Character, general category, bidirectional class of all that are assigned."""
    first = 0
    for line in open(UCD + "UnicodeData.txt", encoding="utf-8"):
        code, name, category, _, direction = line.split(";")[:5]
        code = int(code, 16)
        if name.endswith("First>"):
            first = code
        else:
            for each in range(first or code, code + 1):
                yield each, category, direction
            first = 0


def kind(code, category, direction):
    if category[0] == "C" or category in ("Zl", "Zp") or category == "Zs" and code != 0x20:
        return ESCAPED
    if direction in ("R", "AL", "AN"):
        return ESCAPED
    return MARK if category in ("Mn", "Me") else PRINTED


kinds = [ESCAPED] * PLANES
for code, category, direction in categories():
    if code < PLANES:
        kinds[code] = kind(code, category, direction)
for hidden in (having("DerivedCoreProperties.txt", ["Default_Ignorable_Code_Point"]),
               having("IndicSyllabicCategory.txt", ["Invisible_Stacker", "Number_Joiner"]), BLANK, INVISIBLE):
    for code in hidden:
        if code < PLANES:
            kinds[code] = ESCAPED
blocks, index = [], []
for at in range(0, PLANES, BLOCK):
    block = kinds[at:at + BLOCK]
    packed = [block[i] | block[i + 1] << 2 | block[i + 2] << 4 | block[i + 3] << 6 for i in range(0, BLOCK, 4)]
    if packed not in blocks:
        blocks.append(packed)
    index.append(blocks.index(packed))
while index[-1] == index[-2]:
    index.pop()


def table(declaration, data):
    print("static const unsigned char %s = {" % declaration)
    for i in range(0, len(data), 24):
        print("\t" + " ".join("%d," % byte for byte in data[i:i + 24]))
    print("};")


version = re.search(r"-([0-9.]+)\.txt", open(UCD + "DerivedCoreProperties.txt", encoding="utf-8").readline()).group(1)
print("/* SPDX-License-Identifier: GPL-2.0-only */")
print("/* Written by tests/unprintable.py from Unicode %s. The index names the block of each UNPRINTABLE_BLOCK characters; a block\n"
      " * has two bits a character (enum utf8_kind). Characters beyond the index are as those of its last block. */" % version)
print("#define UNPRINTABLE_BLOCK %d" % BLOCK)
table("unprintable_index[]", index)
table("unprintable_blocks[]", sum(blocks, []))
