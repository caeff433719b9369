"""What Keras tells a callback."""

from __future__ import annotations

from typing import Any, TypeAlias

__all__ = ["Logs"]

Logs: TypeAlias = dict[str, Any] | None  # loss and metrics by name
