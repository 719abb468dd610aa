"""A server that may open few files: `python -m tests.few_files NUMBER MODULE serve …`."""

import resource
import runpy
import sys

if __name__ == "__main__":
    number, module = int(sys.argv[1]), sys.argv[2]
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))
    del sys.argv[1:3]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
