"""The dataset's page in a real browser (headless Chromium): both themes, wide and narrow; nothing runs, nothing is loaded."""

import shutil

import pytest
from deskcheck_conf.entry import load_config
from deskcheck_trainer.collect import main
from deskcheck_trainer.collect_config import CollectConfig
from playwright.sync_api import sync_playwright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HOSTILE = "text = \"</pre><script>document.title = 'taken'</script><img src='http://192.0.2.1/x' onerror='document.title=1'>\"\nn = 2\nprint(text, n)\n"


def test_the_page_fits_and_keeps_hostile_text_harmless(tmp_path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "hostile.py").write_text(HOSTILE)
    (programs / f"{'long' * 40}.py").write_text("x = 'y' * 900\nn = len(x)\nprint(x, n)\n")
    overrides = [
        "experiment=collect/folder",
        f"source.path={programs}",
        "pool=serial",
        f"filters.decontaminate.files=[{tmp_path}/{'b' * 90}.jsonl]",
    ]
    (tmp_path / f"{'b' * 90}.jsonl").write_text('{"text": "nothing of the kind"}\n')
    assert main(["wandb=disabled", f"output_root={tmp_path}", *overrides]) == 0
    name = load_config("collect", CollectConfig, overrides).run_name
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for width in (1280, 390):
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                page.on("request", lambda request: asked.append(request.url))
                page.goto(f"file://{tmp_path}/{name}-s0/report.html")
                for summary in page.locator("summary").all():
                    if summary.is_visible():
                        summary.click()
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert page.title() == name and page.locator("script, img").count() == 0
                assert page.locator(".steps").count() == 2 and page.locator(".steps").first.is_visible()
        browser.close()
    assert all(url.startswith("file://") for url in asked) and len(asked) == 4
