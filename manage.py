#!/usr/bin/env python3
"""The one command: `demo`, `test`, or any of Django's. It makes its own environment first.

This file must be readable by old Pythons, so that they can say that they are too old.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3.14")


def use_a_younger_python():
    for name in CANDIDATES:
        found = shutil.which(name)
        if found and os.environ.get("CAIGOU_PYTHON_TRIED") != "1":
            os.environ["CAIGOU_PYTHON_TRIED"] = "1"
            os.execv(found, [found] + sys.argv)
    sys.exit(
        "Caigou needs Python 3.11 or newer; this is Python {}.{} ({}).\n"
        "Install one, for example:  sudo apt install python3 python3-venv   or   brew install python@3.13".format(
            sys.version_info[0], sys.version_info[1], sys.executable
        )
    )


def main():
    if sys.version_info < OLDEST:
        use_a_younger_python()
    from procurement.config import bootstrap

    bootstrap.main(sys.argv)


if __name__ == "__main__":
    main()
