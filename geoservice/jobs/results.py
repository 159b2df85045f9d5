"""The folder of results: one folder for each job, named by its id."""

import shutil
from collections.abc import Container
from pathlib import Path
from uuid import UUID, uuid4

from geoservice.errors import SetupFailed
from geoservice.languages import Text

_PLACE = "place"


class Results:
    """The folder in which the jobs of this service leave their results.

    Several processes may share it. A file in it keeps its name among all folders of services over
    one database. It is made when the first job is added; until then it has no name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser()
        self._place: UUID | None = None

    @property
    def place(self) -> UUID | None:
        """The name of the folder, None while it has none."""
        path = self._folder / _PLACE
        if self._place is None and path.exists():
            self._place = UUID(path.read_text().strip())
        return self._place

    def ready(self) -> UUID:
        """The name of the folder, which is made if need be. Raises `SetupFailed` if it cannot be."""
        place = self.place
        if place is None:
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                place = self._named()
            except OSError as fault:
                raise SetupFailed(
                    reason=Text(
                        zh=f"结果文件夹 {self._folder} 不可写：{fault.strerror}。请设置 GEOSERVICE_DATA_DIR。",
                        en=f"The folder of results {self._folder} cannot be written: {fault.strerror}. "
                        "Set GEOSERVICE_DATA_DIR.",
                    )
                ) from fault
        return place

    def _named(self) -> UUID:
        path = self._folder / _PLACE
        draft = self._folder / f".{uuid4()}"
        draft.write_text(str(uuid4()))
        try:
            path.hardlink_to(draft)
        except FileExistsError:  # of several processes the first one names it
            pass
        finally:
            draft.unlink()
        return UUID(path.read_text().strip())

    def of(self, id: UUID) -> Path:
        """The folder of a job, which need not be there."""
        return self._folder / str(id)

    def made(self, id: UUID) -> Path:
        """The folder of a job, empty."""
        self.remove(id)
        folder = self.of(id)
        folder.mkdir(mode=0o700)
        return folder

    def size(self, id: UUID) -> int:
        """The bytes of everything in the folder of a job, now."""
        sizes = []
        for path in self.of(id).rglob("*"):
            try:
                sizes.append(path.stat().st_size)
            except FileNotFoundError:  # a file that was only needed for a while
                continue
        return sum(sizes)

    def remove(self, id: UUID) -> None:
        """Take away the folder of a job, if it is there."""
        shutil.rmtree(self.of(id), ignore_errors=True)

    def keep(self, ids: Container[UUID]) -> None:
        """Take away the folders of all other jobs."""
        for folder in self._folder.iterdir():
            id = _id(folder.name)
            if id is not None and id not in ids:
                self.remove(id)


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
