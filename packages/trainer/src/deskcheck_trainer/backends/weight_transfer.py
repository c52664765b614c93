"""Weights from trainer to sampler: gather everything first, send after.

With FSDP2 every parameter arrives through a collective that all ranks must reach together. Sending while gathering ties
the other ranks to the speed and the failures of the sampler, and multi-rank runs have hung that way (TRL issues 6797,
7103). So the iterator is drained to its end, each tensor copied to the CPU, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch


class GatherThenSendTransfer:
    """TRL's WeightTransferProtocol around any function that takes all weights at once.

    The receiver sees to it that weights change between two of its steps, so pausing is its own business.
    """

    def __init__(self, send: Callable[[dict[str, torch.Tensor]], None]) -> None:
        self._send = send
        self.sent = 0
        """Weight updates so far, the one before the first step included."""

    def init_weight_transfer(self) -> None: ...

    def pause(self) -> None: ...

    def send_weights(self, iterator: Iterator[tuple[str, torch.Tensor]]) -> None:
        gathered = {name: tensor.detach().to("cpu", copy=True) for name, tensor in iterator}
        self._send(gathered)
        self.sent += 1

    def resume(self) -> None: ...

    def destroy(self) -> None: ...
