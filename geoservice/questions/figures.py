"""What the counts of an answer are called. A figure's name is a path such as `excluded.cancelled`."""

from geoservice.languages import Text

_WORDS: dict[str, Text] = {
    "cancelled": Text(zh="已核销", en="cancelled"),
    "certain": Text(zh="确定", en="certain"),
    "certainty": Text(zh="确定性", en="certainty"),
    "considered": Text(zh="参与判断", en="considered"),
    "excluded": Text(zh="未计入", en="left out"),
    "facilities": Text(zh="设施", en="facilities"),
    "features": Text(zh="要素", en="features"),
    "layers": Text(zh="图层", en="layers"),
    "near": Text(zh="邻近", en="near"),
    "near_edge": Text(zh="靠近已知区域边缘", en="near the edge of the known area"),
    "no": Text(zh="否", en="no"),
    "no_data": Text(zh="无数据", en="no data"),
    "not_registered": Text(zh="当日不在册", en="not registered on the day"),
    "other_register": Text(zh="属另一登记册", en="of the other register"),
    "pairs": Text(zh="对", en="pairs"),
    "pairs_within_distance": Text(zh="其中量得距离不大于 D", en="of these, measured within D"),
    "possible": Text(zh="可能", en="possible"),
    "ranked": Text(zh="已排名", en="ranked"),
    "sites": Text(zh="灾害点", en="sites"),
    "state": Text(zh="结论", en="state"),
    "these": Text(zh="本侧要素", en="features of this side"),
    "those": Text(zh="另一侧要素", en="features of the other side"),
    "unknown": Text(zh="未知", en="unknown"),
    "without_remediation_measure": Text(
        zh="没有治理措施", en="without a measure that ends the threat"
    ),
    "yes": Text(zh="是", en="yes"),
}

_WITHOUT_POSITION = "_without_position"


def figure_title(path: str) -> Text:
    """The name of a figure in both languages; `KeyError` for one that was never named."""
    parts = [_title(part) for part in path.split(".")]
    return Text(zh="：".join(part.zh for part in parts), en=": ".join(part.en for part in parts))


def _title(word: str) -> Text:
    if word.endswith(_WITHOUT_POSITION):
        of = _WORDS[word.removesuffix(_WITHOUT_POSITION)]
        return Text(zh=f"没有位置的{of.zh}", en=f"{of.en} without position")
    return _WORDS[word]
