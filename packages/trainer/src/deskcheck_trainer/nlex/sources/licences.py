"""Under which licence a file stands, where its surroundings say: an SPDX line, a LICENSE file, a package's metadata.

Texts are recognised by a phrase of their own; what is not recognised is None, never a guess. The names are SPDX's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.message import Message
from functools import lru_cache
from pathlib import Path
from typing import Any

_PHRASES = (
    ("Permission is hereby granted, free of charge", "MIT"),
    ("Apache License Version 2.0", "Apache-2.0"),
    ("Mozilla Public License Version 2.0", "MPL-2.0"),
    ("GNU AFFERO GENERAL PUBLIC LICENSE Version 3", "AGPL-3.0"),
    ("GNU LESSER GENERAL PUBLIC LICENSE Version 3", "LGPL-3.0"),
    ("GNU GENERAL PUBLIC LICENSE Version 3", "GPL-3.0"),
    ("GNU GENERAL PUBLIC LICENSE Version 2", "GPL-2.0"),
    ("PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2", "PSF-2.0"),
    ("This is free and unencumbered software released into the public domain", "Unlicense"),
    ("Permission to use, copy, modify, and/or distribute this software", "ISC"),
)
_BSD = "Redistribution and use in source and binary forms"
_CLASSIFIERS = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0",
}
_FILES = ("LICENSE*", "LICENCE*", "COPYING*")
_READ = 20_000


def spdx(source: str) -> str | None:
    """The licence a file names in an `SPDX-License-Identifier` comment."""
    match = re.search(r"^#.*SPDX-License-Identifier:\s*(.+?)\s*$", source[:4000], re.MULTILINE)
    return match[1] if match else None


def text_licence(text: str) -> str | None:
    """The licence whose text this is."""
    words = " ".join(text[:_READ].split()).casefold()
    begins = {name: at for phrase, name in _PHRASES if (at := words.find(phrase.casefold())) >= 0}
    if (at := words.find(_BSD.casefold())) >= 0:
        begins["BSD-3-Clause" if "neither the name" in words else "BSD-2-Clause"] = at
    return min(begins, key=begins.__getitem__) if begins else None


@lru_cache(maxsize=4096)
def folder_licence(folder: Path, top: Path) -> str | None:
    """The licence of the nearest LICENSE or COPYING file in `folder` or above it, up to `top`."""
    for pattern in _FILES:
        for path in sorted(folder.glob(pattern)):
            if path.is_file() and path.suffix != ".py":
                text = path.read_text(encoding="utf-8", errors="replace")
                return text_licence(text)  # one that we do not know is not replaced by a folder's above
    return folder_licence(folder.parent, top) if folder != top and top in folder.parents else None


def metadata_licence(metadata: Message[Any, Any] | Any) -> str | None:
    """The licence that a package's metadata names: an expression, else a classifier, else a short text."""
    if expression := metadata.get("License-Expression"):
        return str(expression)
    if named := _classified(metadata.get_all("Classifier") or []):
        return named
    text = str(metadata.get("License") or "").strip()
    return text_licence(text) or (text if text and len(text) <= 40 and "\n" not in text else None)


def _classified(classifiers: Iterable[str]) -> str | None:
    last = (c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: "))
    return next((_CLASSIFIERS[name] for name in last if name in _CLASSIFIERS), None)
