"""An update list of 3,500 rows into the server's store: new, unchanged, and with one row in a hundred changed."""
import json
import subprocess

import lib

result = subprocess.run([lib.BUILD / "bench/redflag-bench-merge"], cwd=lib.BUILD, stdout=subprocess.PIPE, check=True)
figures = json.loads(result.stdout)
lib.state(f"a list of {figures['rows']} updates merged, new", figures["new_ms"], "ms", 300)
lib.state("the same list merged again, unchanged", figures["unchanged_ms"], "ms", 30)
lib.state("the same list with 1 % of it changed", figures["one_percent_changed_ms"], "ms", 150)
