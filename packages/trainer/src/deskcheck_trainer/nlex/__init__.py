"""Building NLEX datasets: sources, inputs, filters, narrations, renderings, shards. Needs neither torch nor TRL."""

from deskcheck_trainer.nlex.row import (
    MANIFEST,
    SCHEMA_VERSION,
    Messages,
    Reason,
    Rejected,
    Row,
    Task,
    content_id,
    read_rows,
    read_table,
    shard_paths,
    words_and_symbols,
)

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "Messages",
    "Reason",
    "Rejected",
    "Row",
    "Task",
    "content_id",
    "read_rows",
    "read_table",
    "shard_paths",
    "words_and_symbols",
]
