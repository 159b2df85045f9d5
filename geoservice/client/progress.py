"""How far a transfer is: a bar where somebody looks on, a function of the caller's, or silence.

Knows no HTTP. A bar appears only for what takes longer than a second, on a terminal or in a notebook.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

Progress = Callable[[str, int, "int | None"], None]
"""Called with what is being done, how much is done, and the whole if it is known."""

_SHOWN_AFTER_S = 1.0


@contextmanager
def advancement(
    wanted: "bool | Progress | None",
    label: str,
    total: int | None,
    unit: Literal["B", "rows", "%"],
) -> Iterator[Callable[[int, int | None], None]]:
    """A function that is told how much is done by now, and the whole if that has become known.

    Args:
        wanted: whether a bar is shown, or the function that is told; None shows a bar where
            somebody looks on.
        label: what is being done.
        total: the whole; None if it is not known.
        unit: what is counted; bytes are shown as kB and MB.
    """
    if callable(wanted):
        report = wanted
        yield lambda done, whole: report(label, done, whole)
        return
    if wanted is False or (wanted is None and not _is_watched()):
        yield lambda _done, _whole: None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tqdm warns of notebooks without widgets, and takes text
        from tqdm.auto import tqdm

        bar = tqdm(
            desc=label,
            total=total,
            unit=unit,
            unit_scale=unit == "B",
            delay=_SHOWN_AFTER_S,
            leave=False,
        )

    def advance(done: int, whole: int | None) -> None:
        bar.total = whole
        bar.update(done - bar.n)

    with bar:
        yield advance


def _is_watched() -> bool:
    interactive = sys.modules.get("IPython")
    shell = interactive.get_ipython() if interactive is not None else None
    in_notebook = shell is not None and "IPKernelApp" in shell.config
    return in_notebook or (sys.stderr is not None and sys.stderr.isatty())
