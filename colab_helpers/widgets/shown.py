"""A widget that can also be shown where no widget can be."""

from __future__ import annotations

from typing import Any

import ipywidgets

__all__ = ["VIEW", "Shown"]

VIEW = "application/vnd.jupyter.widget-view+json"  # the MIME type of a living widget


class Shown(ipywidgets.VBox):
    """A widget that brings along what is shown in its place in a stored notebook, or on paper."""

    _ipython_display_ = None  # that of ipywidgets 7 would show nothing but the widget

    def static(self) -> dict[str, str]:
        """What is shown in place of the widget, by MIME type."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {**self.static(), VIEW: view}
