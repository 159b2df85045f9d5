"""The remediation programme: where it stands, its money, and what should be treated next.

Short ways to questions and collections; knows which, and nothing else.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoservice.client.answers import Answer
    from geoservice.client.query import Query
    from geoservice.client.service import Client


class Programme:
    """The remediation programmes of a service.

    The methods take the parameters of their question, such as `as_of`, `town` and, where there are
    several programmes, `programme`; see `help(city.questions.programme_status)`. Amounts are in
    fen; planned, secured, committed and paid are stages of the same money and never added.
    """

    def __init__(self, client: "Client") -> None:
        self._client = client

    def status(self, **parameters: object) -> "Answer":
        """How many members have reached which stage; `programme_status` by stages."""
        return self._client.ask("programme_status", **{"by": "stages", **parameters})

    def members(self, **parameters: object) -> "Answer":
        """The member sites, each with its stage, lateness and money; `programme_status` by members."""
        return self._client.ask("programme_status", **parameters, by="members")

    def money(self, **parameters: object) -> "Answer":
        """Who holds how much, every fen in exactly one place; `programme_status` by funds."""
        return self._client.ask("programme_status", **parameters, by="funds")

    def priority(self, **parameters: object) -> "Answer":
        """Which untreated sites should be treated next, and why; `treatment_priority`."""
        return self._client.ask("treatment_priority", **parameters)

    def projects(self) -> "Query":
        """The projects with their states and dates, to be narrowed and read."""
        return self._client["remediation_projects"].where()

    def funding(self) -> "Query":
        """The entries of money: planned, secured, committed, paid; to be narrowed and read."""
        return self._client["funding_entries"].where()

    def __repr__(self) -> str:
        return f"<Programme {self._client.connection.address}>"
