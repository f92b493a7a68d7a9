"""Writes unicode.json beside it: what Python 3.11 makes of every character, by blocks of 1024 of them.

`words`: the ranges of what `\\w` matches. Of each block: the first 16 hexadecimal digits of the SHA-256 of its characters'
results, each followed by U+000A, for str.lower(), str.upper(), scikit-learn's strip_accents_unicode and
strip_accents_ascii, and for str.lower() of A, the character, Σ, the character and A.
"""

import hashlib
import json
import re
import sys
import unicodedata

assert sys.version_info[:2] == (3, 11) and unicodedata.unidata_version == "14.0.0"


def strip_marks(text):
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def to_ascii(text):
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


RULES = {
    "lowercase": str.lower,
    "uppercase": str.upper,
    "strip-marks": strip_marks,
    "to-ascii": to_ascii,
    "sigma": lambda c: f"A{c}Σ{c}A".lower(),
}
characters = [c for c in range(1, 0x110000) if not 0xD800 <= c < 0xE000]
words = []
for code in characters:
    if re.match(r"\w", chr(code)):
        if words and words[-1][1] == code - 1:
            words[-1][1] = code
        else:
            words.append([code, code])
blocks = {}
for name, rule in RULES.items():
    hashes = {}
    for code in characters:
        hashes.setdefault(code >> 10, hashlib.sha256()).update((rule(chr(code)) + "\n").encode())
    blocks[name] = [each.hexdigest()[:16] for each in hashes.values()]
with open("unicode.json", "w") as file:
    json.dump({"unicode": unicodedata.unidata_version, "words": words, "blocks": blocks}, file, separators=(",", ":"))
    file.write("\n")
