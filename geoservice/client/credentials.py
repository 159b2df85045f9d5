"""Where a key comes from: the argument, `GEOSERVICE_KEY`, the keyring, or the person at the keyboard.

A key is held in a `Key`, which shows itself to nobody: not in a repr, a log, a traceback, a pickle or
a comparison. Only `connection` unwraps it, for its own origin. Knows no HTTP.
"""

import getpass
import hashlib
import os
import warnings
from contextlib import suppress
from typing import NoReturn
from urllib.parse import urlsplit

from geoservice.client.addresses import is_loopback, origin
from geoservice.client.errors import Unauthenticated
from geoservice.languages import Language, Text

ADDRESS_VARIABLE = "GEOSERVICE_URL"
KEY_VARIABLE = "GEOSERVICE_KEY"
_KEYRING_SERVICE = "geoservice"


class Key:
    """A key that shows itself to nobody."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text.strip()

    def unwrapped(self) -> str:
        """The key itself, to be sent."""
        return self._text

    @property
    def digest(self) -> str:
        """By which answers for different keys are told apart."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def __repr__(self) -> str:
        return "<Key ***>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not pickled")


def key_for(address: str, given: str | None = None) -> str | None:
    """The key for an address: the one given, else that of the environment, else that of the keyring.

    `GEOSERVICE_KEY` belongs to the service that `GEOSERVICE_URL` names and is sent to no other; if
    that is not set, it goes to whatever address is connected to. None if there is no key anywhere.
    """
    if given is not None:
        return given
    own = os.environ.get(ADDRESS_VARIABLE)
    if os.environ.get(KEY_VARIABLE) and (not own or origin(own) == origin(address)):
        return os.environ[KEY_VARIABLE]
    return _in_keyring(address)


def prompted_key(address: str, language: Language) -> str:
    """A key that the person at the keyboard types in, unseen; also in a notebook.

    Raises:
        Unauthenticated: nothing was typed, or nobody is there to type.
    """
    prompt = Text(zh="{address} 的密钥：", en="Key for {address}: ").spoken(language)
    try:
        with warnings.catch_warnings():
            # Where typing cannot be hidden, getpass would only warn and show the key.
            warnings.simplefilter("error", getpass.GetPassWarning)
            text = getpass.getpass(prompt.format(address=origin(address))).strip()
    except (EOFError, getpass.GetPassWarning):
        text = ""
    if not text:
        raise Unauthenticated(language, reason=Text(zh="没有输入密钥。", en="No key was typed."))
    return text


def remember(address: str, key: str, language: Language) -> None:
    """Put a key into the keyring of the operating system, for this address.

    Raises:
        Unauthenticated: there is no keyring, or it does not take the key.
    """
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise Unauthenticated(language, reason=_NO_KEYRING) from None
    try:
        keyring.set_password(_KEYRING_SERVICE, origin(address), key)
    except KeyringError:
        raise Unauthenticated(language, reason=_NO_KEYRING) from None


_NO_KEYRING = Text(
    zh="此处没有可用的密钥环；可安装 geoservice[keyring]，或用环境变量 GEOSERVICE_KEY。",
    en="There is no keyring here; install geoservice[keyring], or set GEOSERVICE_KEY.",
)


def forget(address: str) -> None:
    """Take the key for an address out of the keyring, if it is there."""
    with suppress(ImportError):
        import keyring
        from keyring.errors import KeyringError

        with suppress(KeyringError):
            keyring.delete_password(_KEYRING_SERVICE, origin(address))


def _in_keyring(address: str) -> str | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(_KEYRING_SERVICE, origin(address))
    except KeyringError:
        return None


_warned_of: set[str] = set()


def warn_of_exposure(address: str, language: Language) -> None:
    """Warn, once for an origin, that whoever is on the way can read a key that is sent there."""
    if urlsplit(address).scheme == "https" or is_loopback(address) or origin(address) in _warned_of:
        return
    _warned_of.add(origin(address))
    text = Text(
        zh="密钥将不加密地发送到 {address}，途中任何人都能读到；请改用 https。",
        en="The key is sent to {address} unencrypted, where anybody on the way can read it; use https.",
    )
    warnings.warn(text.spoken(language).format(address=origin(address)), stacklevel=2)
