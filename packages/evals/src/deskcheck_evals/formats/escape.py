"""Texts of users, models and benchmarks, made harmless for Markdown and for LaTeX. HTML is escaped by its templates."""

import re
import unicodedata

from deskcheck_agent.page.texts import visible

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~#$&])")
_TEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "-{}",  # two in a row would become a dash
    "[": "{[}",  # at the start of a row these would belong to the row before
    "]": "{]}",
    "*": "{*}",
    "\u2013": "--",
    "\u2014": "---",
    "\u2212": "$-$",
    "\u00b1": r"$\pm$",
    "\u2192": r"$\rightarrow$",
    "\u2026": r"\ldots{}",
}


def for_markdown(text: str) -> str:
    """One line of GitHub's Markdown that shows `text` as it is."""
    return _MARKDOWN.sub(r"\\\1", _one_line(text))


def for_latex(text: str) -> str:
    """LaTeX (pdflatex, T1) that shows `text` on one line; what its font has no letter for is written as U+....."""
    return "".join(map(_tex, _one_line(text))).replace(",,", ",{},")  # two in a row would become a quote


def _tex(sign: str) -> str:
    if sign in _TEX:
        return _TEX[sign]
    if sign.isascii():
        return sign
    # T1 fonts have the letters of Europe's Latin scripts
    if ord(sign) < 0x180 and unicodedata.category(sign)[0] == "L":
        return sign
    return f"[U+{ord(sign):04X}]"


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
