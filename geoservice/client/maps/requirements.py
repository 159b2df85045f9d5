"""What maps need beyond the client itself, and the errors that name what is missing."""

import importlib.util
from collections.abc import Iterable

from geoservice.client.errors import GeoserviceError
from geoservice.languages import Language, Text


class MissingPackage(GeoserviceError):
    """A map needs a package that is not installed."""

    codes = ("missing-package",)
    heading = Text(zh="缺少软件包", en="A package is missing")
    message = Text(
        zh='此图需要 {packages}；请安装：pip install "geoservice[map]"。',
        en='This map needs {packages}; install it: pip install "geoservice[map]".',
    )


class MissingFont(GeoserviceError):
    """The map has Chinese words, and no font for them was found."""

    codes = ("missing-font",)
    heading = Text(zh="缺少中文字体", en="A font for Chinese is missing")
    message = Text(
        zh="没有找到可用的中文字体（{allowed}）。Debian、Ubuntu 可安装软件包 fonts-noto-cjk。",
        en="No font for Chinese was found ({allowed}). On Debian and Ubuntu the package "
        "fonts-noto-cjk brings one.",
    )


def require_packages(names: Iterable[str], language: Language) -> None:
    """Refuse with `MissingPackage` if one of the packages is not installed."""
    missing = [name for name in names if not is_installed(name)]
    if missing:
        raise MissingPackage(language, packages=missing)


def is_installed(name: str) -> bool:
    """Whether a package can be imported; it is not imported."""
    return importlib.util.find_spec(name) is not None
