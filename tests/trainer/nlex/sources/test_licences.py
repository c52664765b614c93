"""Licences that surroundings name: recognised or None, never guessed."""

from email.message import Message
from pathlib import Path

import pytest
from deskcheck_trainer.nlex.sources.licences import folder_licence, metadata_licence, spdx, text_licence

REPOSITORY = Path(__file__).parents[4]


def metadata(*fields: tuple[str, str]) -> Message:
    message = Message()
    for name, value in fields:
        message[name] = value
    return message


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("MIT License\n\nPermission is hereby\ngranted, free of charge, to any", "MIT"),
        ("   Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
        ("Redistribution and use in source and binary forms ... Neither the name of", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms, with", "BSD-2-Clause"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007 ... the GNU General Public License version 3", "LGPL-3.0"),
        ("All rights reserved.", None),
    ],
)  # fmt: skip
def test_texts_are_known_by_their_own_phrases(text: str, licence: str | None) -> None:
    assert text_licence(text) == licence


def test_the_nearest_file_counts_up_to_the_top(tmp_path) -> None:
    inner = tmp_path / "top/a/b"
    inner.mkdir(parents=True)
    (tmp_path / "LICENSE").write_text((REPOSITORY / "LICENSE").read_text())
    assert folder_licence(inner, tmp_path / "top") is None, "what lies above the folder is not asked"
    (tmp_path / "top/LICENSE.txt").write_text("Permission is hereby granted, free of charge")
    folder_licence.cache_clear()
    assert folder_licence(inner, tmp_path / "top") == "MIT"
    assert folder_licence(tmp_path, tmp_path) == "Apache-2.0"
    (inner / "COPYING").write_text("Ask us first.")
    folder_licence.cache_clear()
    assert folder_licence(inner, tmp_path / "top") is None


def test_metadata_names_it_by_expression_classifier_or_short_text() -> None:
    classifier = ("Classifier", "License :: OSI Approved :: MIT License")
    assert metadata_licence(metadata(("License-Expression", "MIT OR ISC"), classifier)) == "MIT OR ISC"
    assert metadata_licence(metadata(("License", "see file"), ("Classifier", "Topic :: X"), classifier)) == "MIT"
    assert metadata_licence(metadata(("License", "BSD-3-Clause"))) == "BSD-3-Clause"
    assert metadata_licence(metadata(("License", "x" * 500))) is None and metadata_licence(metadata()) is None


def test_a_file_names_its_own() -> None:
    assert spdx("#!/usr/bin/python\n# SPDX-License-Identifier: MIT\nx = 1\n") == "MIT"
    assert spdx("x = 'SPDX-License-Identifier: MIT'\n") is None
