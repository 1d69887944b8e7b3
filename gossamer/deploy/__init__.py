"""Models as native libraries for phones, boards and microcontrollers."""

from gossamer.deploy.build import Built, build
from gossamer.deploy.devices import DEVICES

__all__ = ["DEVICES", "Built", "build"]
