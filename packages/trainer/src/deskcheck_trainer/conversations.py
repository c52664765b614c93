"""Chats as rows to learn from: one row for each answer, its prompt all that was said before.

So the loss is on answers alone whatever the chat template, which need not mark what the assistant says; and where a
template drops the reasoning of earlier answers, the model is trained on what it will see. The price is that the
beginning of a long chat is read once for every answer in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deskcheck_tracer.errors import InputError

if TYPE_CHECKING:
    from datasets import Dataset, Features

Message = dict[str, str]

LAYOUTS = ({"role", "content"}, {"from", "value"})
"""Fields of a message: the usual ones, and ShareGPT's."""
ROLES = {"human": "user", "gpt": "assistant"}
"""ShareGPT's names of roles, where they are not the usual ones."""


def as_pairs(rows: Dataset, path: str) -> Dataset:
    """Chats (`messages`, or `prompt` and `completion`) as prompt and completion of messages that hold role and content
    alone; rows of plain text as they are.

    Raises:
        InputError: messages of no known layout, or chats in which the assistant answers nothing.
    """
    if not is_chat(rows):
        return rows
    columns = rows.column_names
    found = {column: _fields(rows, column) for column in columns}
    for column, fields in found.items():
        if not any(layout <= fields for layout in LAYOUTS):
            raise InputError(
                f"dataset {path}: messages in column {column} have the fields {', '.join(sorted(fields))}, expected "
                "role and content, or from and value"
            )
    if "messages" in columns:
        rows = rows.map(
            _answers_of, batched=True, remove_columns=columns, features=_features(), desc="answers of chats"
        )
        if not len(rows):
            raise InputError(
                f"dataset {path}: no chat holds an answer of the assistant after something else: check its roles"
            )
    elif any(fields != LAYOUTS[0] for fields in found.values()):
        rows = rows.map(_plain_pair, features=_features(), desc="messages")
    return rows


def is_chat(rows: Dataset) -> bool:
    """Whether its rows are made of messages, rather than of texts."""
    return "messages" in rows.column_names or ("prompt" in rows.column_names and not isinstance(rows[0]["prompt"], str))


def answers(chat: Sequence[Mapping[str, Any]]) -> list[tuple[list[Message], list[Message]]]:
    """Prompt and completion of every answer of the assistant that something was said before."""
    told = [message(said) for said in chat]
    spoken = [place for place, one in enumerate(told) if place and one["role"] == "assistant" and one["content"]]
    return [(told[:place], [told[place]]) for place in spoken]


def message(said: Mapping[str, Any]) -> Message:
    """A message of either layout as role and content; other fields are left out."""
    role = said.get("role") or said.get("from") or ""
    return {"role": ROLES.get(role, role), "content": said.get("content") or said.get("value") or ""}


def _fields(rows: Dataset, column: str) -> set[str]:
    """Of the first message: a dataset gives all its messages the same ones."""
    return set(next((said for chat in rows[column] for said in chat), dict.fromkeys(LAYOUTS[0])))


def _features() -> Features:
    from datasets import Features, List, Value

    chat = List({"role": Value("string"), "content": Value("string")})
    return Features({"prompt": chat, "completion": chat})


def _answers_of(batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    pairs = [pair for chat in batch["messages"] for pair in answers(chat)]
    return {"prompt": [prompt for prompt, _ in pairs], "completion": [completion for _, completion in pairs]}


def _plain_pair(row: Mapping[str, Any]) -> dict[str, list[Message]]:
    return {name: [message(said) for said in row[name]] for name in ("prompt", "completion")}
