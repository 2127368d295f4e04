"""How soon `scripts/run` is ready the second time: everything is built and enrolled; a first scan reaches the server."""
import os
import subprocess
import tempfile

import lib

ROUNDS = 5


def main():
    with tempfile.TemporaryDirectory(prefix="redflag-bench-") as folder:
        os.chmod(folder, 0o755)
        command = [str(lib.REPOSITORY / "scripts/run"), "--until-ready", "--data", folder, "--port", str(lib.free_port())]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        lib.state("scripts/run again, to ready and stopped", [lib.seconds(command) for _ in range(ROUNDS)], "s", 5)


main()
