"""The command line: `geoservice`. One module a family of commands.

Exit codes: 0 done; 2 the command or a parameter is wrong; 3 not found; 4 the data breaks rules, and
nothing was stored; 5 conflict with what is stored; 6 the database, the service or the machine is not
ready; 7 a key is needed, or does not allow it.
"""

from geoservice.doors.command_line.application import main

__all__ = ["main"]
