"""A city's natural-resources registers, and spatial questions over them."""

__all__ = ["__version__"]

__version__ = "0.1.0"
