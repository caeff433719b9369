"""A stand-in for Colab's own package: what of it this project calls, and what that raises."""

from . import auth, errors

__all__ = ["auth", "errors"]
