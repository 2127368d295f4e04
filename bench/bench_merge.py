"""An update list of 3,500 rows into the server's store: new, unchanged, and with one row in a hundred changed."""
import json
import subprocess

import lib

subprocess.run(["cmake", "--build", lib.BUILD, "--target", "redflag-bench-merge"], check=True, stdout=subprocess.DEVNULL)
result = subprocess.run([lib.BUILD / "bench/redflag-bench-merge"], cwd=lib.BUILD, stdout=subprocess.PIPE, check=True)
figures = json.loads(result.stdout)
lib.state("a list of 3,500 updates merged, new", round(figures["new_ms"], 1), "ms", 300)
lib.state("the same list merged again, unchanged", round(figures["unchanged_ms"], 1), "ms", 30)
lib.state("the same list with 1 % of it changed", round(figures["one_percent_changed_ms"], 1), "ms", 150)
