"""Writes cases.json beside it: what re.findall of Python 3.11 finds in some texts, for each of some patterns."""

import json
import re
import sys

assert sys.version_info[:2] == (3, 11)

PATTERNS = [
    r"(?u)\b\w\w+\b", r"\b\w+\b", r"\w+", r"(?u)\b\w\w\w+\b", r"\S+", r"[a-zA-Z]+", r"[A-Za-z0-9_]{2,}", r"\b[a-z]{3,5}\b",
    r"[^\W\d_]+", r"[^\W_]{2,}", r"[\W_]", r"[^\s,]+", r"[^\S\n]", r"[\w'-]+", r"\b\w+(?:[-']\w+)*\b", r"\d+(?:\.\d+)?",
    r"\D\d", r"#\w+|@\w+|\w+", r"(\w+)!", r"(?:a|b)c?", r"[^ ]+", r".", r"\w+?\b", r"(?<!\w)\w(?!\w)", r"(?<=o)o", r"^\w+", r"\w+$",
    r"\B\w", r"[\x41-\x5a]+", r"\u00e9|\U0001f44d", r"[]a]+", r"[a\]-]+", r"[+\-*/]", r"\+|\*|\.|\||\(|\)|\[|\]|\{|\}|\^|\$|\\|/", r"x{2}", r"x{,2}y",
    r"x{1,}", r"a{b", r"(a)|b", r"\A\w", r"\w\Z", r"[\d.]+", r"\t|\n",
]
TEXTS = [
    "", "The quick brown fox, it's well-known: co-op & mother-in-law!", "  spaces\there\u00a0and\x1fthere\n", "naïve café Ünïcödé ﬁ ½ Ⅷ ٣٤",
    "snake_case a_b _ __x__", "日本語 映画ー 한국어 हिन्दी", "x xx xxx xy xxy xxxy y", "3.14 10 1e5 -7 a1 b22", "👍🏽 ok👍 e\u0301 é É", "#tag @user [a]-] ^$.*+?{}()|\\/",
    "aac bc abcab foo oo!", "line one\nline two", "tail\n", "\u0295\u1c89 \ua7dcb \u0897",
]

cases = [[pattern, [re.findall(pattern, text) for text in TEXTS]] for pattern in PATTERNS]
with open("cases.json", "w") as file:
    json.dump({"texts": TEXTS, "cases": cases}, file, separators=(",", ":"), ensure_ascii=False)
    file.write("\n")
