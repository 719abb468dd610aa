"""`goseventh`, also as `python -m goseventh`."""

import signal
import sys


def main() -> int:
    """Runs the command line; Ctrl-C while its modules load is no fault either. Returns the exit code."""
    try:
        from goseventh import cli

        return cli.main()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # as of any command that it ends


if __name__ == "__main__":
    sys.exit(main())
