"""Write constraints.txt: what is installed in this environment, as `name==version`, sorted.

Our own packages (editable) are left out, and so is anything that was installed from an address. The build backend is
added, which lives in build environments only and is pinned through --build-constraints.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ("hatchling==1.33.0", "pathspec==1.1.1", "tomlkit==0.15.2", "trove-classifiers==2026.9.21.13")
HEADER = "# The versions everything was tested with. Written by `make pins`; packages themselves declare ranges.\n"


def main() -> None:
    frozen = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "freeze", "--python", sys.executable, "--exclude-editable"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    odd = [line for line in frozen if "==" not in line]
    if odd:
        print(f"left out, not a released version: {', '.join(odd)}", file=sys.stderr)
    pins = {line.strip() for line in frozen if "==" in line and not line.startswith(("pip==", "deskcheck-"))}
    (ROOT / "constraints.txt").write_text(
        HEADER + "\n".join(sorted(pins | set(BUILD), key=lambda pin: pin.split("==")[0])) + "\n"
    )


if __name__ == "__main__":
    main()
