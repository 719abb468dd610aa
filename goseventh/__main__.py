"""`python -m goseventh` is the `goseventh` command."""

import sys

from goseventh.cli import main

sys.exit(main())
