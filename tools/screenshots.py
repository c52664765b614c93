"""Take the pictures of the trace viewer for the documentation: docs/viewer/*.png, with headless Chromium.

Run `python tools/screenshots.py` after a change of the viewer and look at the pictures.
"""

import shutil
import tempfile
from pathlib import Path

from deskcheck_tracer import Program, record
from deskcheck_tracer.view import page
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HANOI = '''\
"""The towers of Hanoi."""


def move(disks, source, target, spare):
    if disks == 0:
        return 0
    moved = move(disks - 1, source, spare, target)
    print(f"disk {disks}: {source} -> {target}")
    moved += 1 + move(disks - 1, spare, target, source)
    return moved


count = move(3, "A", "C", "B")
print(count, "moves")
'''
ACCOUNT = """\
class Account:
    def __init__(self, owner, balance=0):
        self.owner = owner
        self.balance = balance

    def take(self, amount):
        if amount > self.balance:
            raise ValueError("not enough")
        self.balance -= amount


account = Account(input(), 10)
log = []
for amount in [3, 4, 5]:
    try:
        account.take(amount)
        log.append((amount, account.balance))
    except ValueError as error:
        print("refused:", error)
print(log)
"""
SHOTS = [
    ("recursion-light", "hanoi.py", Program(HANOI), "returns 1", "light"),
    ("recursion-dark", "hanoi.py", Program(HANOI), "disk 2: A -> B", "dark"),
    ("exception-light", "account.py", Program(ACCOUNT, stdin="Ada\n"), "raises ValueError", "light"),
    ("list-dark", "account.py", Program(ACCOUNT, stdin="Ada\n"), "(4, 3)", "dark"),
]
"""File name, title, program, words of the sentence to stop at, theme."""


def main() -> None:
    folder = ROOT / "docs" / "viewer"
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as scratch:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, title, program, words, theme in SHOTS:
            html = Path(scratch) / f"{name}.html"
            html.write_text(page(record(program, isolation="process"), title), encoding="utf-8")
            tab = browser.new_page(viewport={"width": 1180, "height": 720}, color_scheme=theme)  # type: ignore[arg-type]
            tab.goto(html.as_uri())
            tab.evaluate("words => go(scenes.findIndex(scene => scene[SENTENCE].includes(words)))", words)
            tab.screenshot(path=folder / f"{name}.png")
            print(folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
