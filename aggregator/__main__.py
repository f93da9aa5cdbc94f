"""`python -m aggregator` and the `aggregator` command."""

import sys

from aggregator.cli import run_command


def main() -> None:
    sys.exit(run_command(sys.argv[1:]))


if __name__ == "__main__":
    main()
