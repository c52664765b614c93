"""What a label may hold, made harmless: no sign of the format is left bare, and nothing begins a new line."""

import re

from deskcheck_evals.formats.escape import for_latex, for_markdown
from hypothesis import given, settings
from hypothesis import strategies as st

NASTY = r"""a|b <img src=x> `c` *d* _e_ [f](g) $h$ #1 & ~i~ {j} 50% ^k \end{document} "l" 'm' -- ,, ?` 中 é"""


@settings(max_examples=60)
@given(st.text())
def test_markdown_of_any_text_is_one_line_that_shows_it(text):
    made = for_markdown(text)
    assert "\n" not in made and "\r" not in made
    assert not re.search(r"(?<!\\)(?:\\\\)*[|<`*_\[\]$#~]", made)


@settings(max_examples=60)
@given(st.text())
def test_latex_of_any_text_has_balanced_groups_and_no_bare_sign(text):
    made = for_latex(text)
    assert "\n" not in made
    bare = re.sub(r"\\(?:[a-zA-Z]+\{\}|[{}$&#%_])|\$-\$|\$\\(?:pm|rightarrow)\$|-\{\}|\{[\[\]*]\}|,\{\},", "", made)
    assert not re.search(r"[\\{}$&#%_^~<>|\"'`]", bare), bare
    assert all(ord(sign) < 0x180 for sign in made), "pdflatex knows every letter"


def test_a_nasty_label():
    assert for_markdown(NASTY).startswith(r"a\|b \<img src=x\> \`c\` \*d\*")
    made = for_latex(NASTY)
    assert r"\textbackslash{}end\{document\}" in made and "[U+4E2D]" in made.replace("{[}", "[").replace("{]}", "]")
    assert made.endswith("é") and "--" not in made
