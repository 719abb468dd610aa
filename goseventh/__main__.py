"""`goseventh`, also as `python -m goseventh`."""

import os
import signal
import sys


def main() -> int:
    """Runs the command line; Ctrl-C while its modules load is no fault either. Returns the exit code."""
    _take_standard_descriptors()
    try:
        # Whoever breaks an extension module's import off may end with a segmentation fault.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            from goseventh import cli
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return cli.main()
    except KeyboardInterrupt:
        return 128 + signal.SIGINT  # as of any command that it ends


def _take_standard_descriptors() -> None:
    """Opens those that are closed, to nowhere: else a store's file could become one, and be written to."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
