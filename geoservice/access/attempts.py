"""Wrong keys counted by the address they came from, so that none can be found by trying."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from geoservice.errors import TooManyAttempts, WrongKey

MOST_FAILURES = 20
"""Wrong keys that one address may give in `WINDOW_S`."""

WINDOW_S = 60.0

_MOST_ADDRESSES = 10_000


class Attempts:
    """The attempts of the last minute by address, in one process; thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """One attempt: it counts from its start, and no longer once it has not ended in `WrongKey`.

        Raises `TooManyAttempts` instead if the address has none left.
        """
        begun = self._begun(address)
        is_wrong = False
        try:
            yield
        except WrongKey:
            is_wrong = True
            raise
        finally:
            if not is_wrong:
                self._forget(address, begun)

    def _forget(self, address: str, begun: float) -> None:
        with self._lock:
            times = self._times.get(address)
            if times is not None and begun in times:
                times.remove(begun)

    def _begun(self, address: str) -> float:
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(address, deque())
            self._times.move_to_end(address)
            while times and times[0] <= now - WINDOW_S:
                times.popleft()
            if len(times) >= MOST_FAILURES:
                raise TooManyAttempts(retry_after_s=math.ceil(times[0] + WINDOW_S - now))
            times.append(now)
            if len(self._times) > _MOST_ADDRESSES:
                self._times.popitem(last=False)
        return now
