"""A release build from nothing, without the compiler cache."""
import os
import subprocess
import tempfile
import time

import lib

with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
    env = dict(os.environ, CCACHE_DISABLE="1")
    begin = time.perf_counter()
    subprocess.run(["cmake", "--preset", "release", "-B", folder], cwd=lib.REPOSITORY, check=True, env=env,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--target", "product"], check=True, env=env, stdout=subprocess.DEVNULL)
    lib.state("release build from nothing", round((time.perf_counter() - begin) / 60, 2), "min", 10)
