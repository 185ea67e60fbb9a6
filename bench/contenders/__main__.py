"""``python -m bench.contenders MODULE.FUNCTION JSON`` prints one run as JSON."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from importlib import import_module

if __name__ == "__main__":
    module, _, function = sys.argv[1].partition(".")
    run = getattr(import_module(f"bench.contenders.{module}"), function)(**json.loads(sys.argv[2]))
    sys.stdout.write(json.dumps(asdict(run)) + "\n")
