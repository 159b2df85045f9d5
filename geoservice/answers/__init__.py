"""Answers kept as layers: saved under a name, refreshed, compared; each a collection that nobody edits.

Knows questions and the store, and no door.
"""

from geoservice.answers.comparison import Comparison, compared
from geoservice.answers.saving import Author, Refreshed, refresh, remove, save
from geoservice.answers.stored import SavedAnswer, saved_answer, saved_answers

__all__ = [
    "Author",
    "Comparison",
    "Refreshed",
    "SavedAnswer",
    "compared",
    "refresh",
    "remove",
    "save",
    "saved_answer",
    "saved_answers",
]
