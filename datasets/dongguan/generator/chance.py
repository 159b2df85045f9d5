"""Chance with an account: streams by part, and shares that add up to their total."""

import math
from collections.abc import Mapping, Sequence
from itertools import chain
from random import Random

SEED = 20210625


def stream(part: str) -> Random:
    """The stream of chance of one part: a change to a part moves nothing in another."""
    return Random(f"{SEED} {part}")


def largest_remainder(total: int, weights: Sequence[float]) -> list[int]:
    """Whole shares of `total` in proportion to the weights; they add up to it exactly."""
    quotas = [total * weight / sum(weights) for weight in weights]
    shares = [math.floor(quota) for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda i: (shares[i] - quotas[i], i))
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares


def shuffled(counts: Mapping[str, int], random: Random) -> list[str]:
    """Each key as often as its count says, in random order."""
    keys = list(chain.from_iterable([key] * count for key, count in counts.items()))
    random.shuffle(keys)
    return keys
