"""The fonts of pictures and documents, shipped so that both look the same everywhere: Source Sans 3, under the SIL Open Font License."""

from importlib.resources import files

FOLDER = str(files("analytics.charts") / "fonts")
"""Where the font files lie, for the engine that reads them."""
