"""Links that are right in the repository are made right on the site; what is no page is named."""

from tools.docs.places import ELSEWHERE, ROOT, file_of, page_of, relinked


def test_every_text_has_one_home() -> None:
    assert all((ROOT / file).is_file() and page_of(file) == page for page, file in ELSEWHERE.items())
    assert file_of("proof/soak.md") == "docs/proof/soak.md" and page_of("docs/proof/soak.md") == "proof/soak.md"
    assert page_of("README.md") == "index.md" and page_of("Makefile") is None


def test_links_are_followed_from_their_home() -> None:
    assert relinked("![v](../../docs/viewer/a.png)", "tracer.md") == "![v](viewer/a.png)"
    assert relinked("[f](../docs/trace_format.md#events)", "configuration/index.md") == "[f](../trace_format.md#events)"
    assert relinked("[t](../packages/trainer/README.md)", "limits.md") == "[t](training.md)"
    assert relinked("[code](../tools/docs/places.py)", "decisions.md") == "code"
    assert relinked("[lost](../nowhere.md)", "decisions.md") == "[lost](../nowhere.md)"  # mkdocs tells


def test_other_links_and_code_stay_as_they_are() -> None:
    text = "[a](https://x.org/b) [c](#d)\n```python\nx[i](../README.md)\n```\n"
    assert relinked(text, "agent.md") == text
