"""Does the tasks of a plan with HyperQueue on this machine, through its Python API.

    pip install hyperqueue
    python scripts/cluster/hyperqueue_here.py runs/ratios [WORKERS]

The program is `equipoise`, or what EQUIPOISE names. Where there is a server already, `equipoise sweep
submit runs/ratios --engine hyperqueue` writes the call of `hq` instead.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def main() -> None:
    program = os.environ.get("EQUIPOISE", "equipoise")
    plan = Path(sys.argv[1]).resolve()
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count() or 1
    status = subprocess.run(
        [program, "sweep", "status", plan, "--json"], check=True, capture_output=True
    )
    tasks = json.loads(status.stdout)["tasks_left"]
    logs = plan / "logs"
    logs.mkdir(exist_ok=True)
    with LocalCluster() as cluster:
        for _ in range(workers):
            cluster.start_worker(WorkerConfig(cores=1))
        # The other tasks go on when one fails.
        job = Job(max_fails=len(tasks))
        for task in tasks:
            job.program(
                [program, "sweep", "run", str(plan), "--task", str(task), "--threads", "1"],
                stdout=logs / f"hyperqueue-{task}.out",
                stderr=logs / f"hyperqueue-{task}.err",
            )
        client = cluster.client()
        client.wait_for_jobs([client.submit(job)])


if __name__ == "__main__":
    main()
