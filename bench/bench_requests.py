"""What it costs the server to know whose request it is, in processor time: the signature of the request and of the access token in
it, and whether it was used before."""
import json
import subprocess

import lib

measured = subprocess.run([lib.BUILD / "bench/redflag-bench-requests"], check=True, stdout=subprocess.PIPE)
lib.state("verification of one agent's request", json.loads(measured.stdout)["request_us"], "µs", 200)
