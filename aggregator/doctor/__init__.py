"""The check-up: what is wrong with this installation, how bad it is, and what to do about it.

`gather` reads everything into values; `environment`, `storage` and `work` judge them and do nothing else.
`libraries` is the table of versions with known problems, which `aggregator run` looks at as well.
"""

from aggregator.doctor.finding import Finding, Level
from aggregator.doctor.gather import examine
from aggregator.doctor.libraries import installed_libraries, library_findings

__all__ = ["Finding", "Level", "examine", "installed_libraries", "library_findings"]
