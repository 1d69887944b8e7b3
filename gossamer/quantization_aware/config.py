"""What of a layer is quantized how, as one may say it for a layer of one's own."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gossamer.quantization_aware.quantizers import Quantizer


class QuantizeConfig(abc.ABC):
    """Which weights, activations and outputs of a layer get which quantizers.

    While the layer runs, the wrapper lets rounded tensors stand in its attributes, so
    that the two methods that set them are called by nobody unless a layer keeps them
    elsewhere.
    """

    @abc.abstractmethod
    def get_weights_and_quantizers(self, layer: Any) -> list[tuple[Any, Quantizer]]:
        """Variables of the layer with their quantizers."""

    @abc.abstractmethod
    def get_activations_and_quantizers(self, layer: Any) -> list[tuple[Any, Quantizer]]:
        """Functions in attributes of the layer, with quantizers of what they return."""

    @abc.abstractmethod
    def set_quantize_weights(self, layer: Any, quantize_weights: list[Any]) -> None:
        """Let the layer compute with these tensors."""

    @abc.abstractmethod
    def set_quantize_activations(
        self, layer: Any, quantize_activations: list[Any]
    ) -> None:
        """Let the layer compute with these functions."""

    @abc.abstractmethod
    def get_output_quantizers(self, layer: Any) -> list[Quantizer]:
        """One quantizer for the layer's output, or none."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """The arguments."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A configuration with these arguments."""
        return cls(**config)
