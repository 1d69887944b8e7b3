"""Rules of the layers that do nothing at inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gossamer.frontends.keras.registry import RuleResult, layer

if TYPE_CHECKING:
    from gossamer.frontends.keras.call import Call


@layer(
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
def _identity(call: Call) -> RuleResult:
    return call.cast(call.x, call.dtype)
