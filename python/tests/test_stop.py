"""Ctrl-C, threads, processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import equipoise as eq

WORK = {
    "run": "eq.Network.brunel(5000).run(200_000)",
    "diagnose": "eq.diagnose(eq.Network.brunel(5000), 200_000)",
    "map": "eq.balance_map(eq.Network.brunel(2500), g=range(3, 40), eta=range(1, 40))",
}


@pytest.mark.parametrize("work", list(WORK))
def test_ctrl_c_ends_a_call_soon(work: str) -> None:
    code = f"""
import equipoise as eq, time, sys
sys.stdout.write("ready\\n"); sys.stdout.flush()
try:
    {WORK[work]}
except KeyboardInterrupt:
    print("interrupted", time.time())
    # What was interrupted is over: the processor is free.
    time.sleep(0.3)
    used = time.process_time(); time.sleep(0.3)
    print("idle", time.process_time() - used < 0.1)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(1.5)
        asked = time.time()
        child.send_signal(signal.SIGINT)
        answer = child.stdout.readline().split()
        rest = child.stdout.readline()
    assert answer[0] == "interrupted"
    # 0.2 s on an idle machine; the machine of the tests may be busy.
    assert float(answer[1]) - asked < 0.2 * _slack()
    assert rest == "idle True\n"


def _slack() -> float:
    """How much longer than alone things take now."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) * 1.5


def test_other_threads_run_meanwhile() -> None:
    ticks = 0
    done = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not done.is_set():
            ticks += 1
            time.sleep(0.001)

    thread = threading.Thread(target=tick)
    net = eq.Network.brunel(2500)
    net.run(1)
    thread.start()
    net.run(3000)
    done.set()
    thread.join()
    assert ticks > 20


def test_calls_from_several_threads() -> None:
    net = eq.Network.brunel(500)
    wanted = net.run(100, seed=1).spikes.times.tolist()
    found: list[list[float]] = []

    def run() -> None:
        found.append(eq.Network.brunel(500).run(100, seed=1).spikes.times.tolist())

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [wanted] * 4


def _rate(seed: int) -> float:
    return eq.Network.brunel(500).run(50, seed=seed).spikes.rate


def test_processes() -> None:
    here = _rate(1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(_rate, [1]) == [here]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_is_told() -> None:
    _rate(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _rate(1)
            told = b"nothing"
        except eq.RunError as error:
            told = str(error).encode()
        os.write(write, told)
        os._exit(0)
    os.waitpid(child, 0)
    assert b"spawn" in os.read(read, 1000)


def test_progress_is_told_and_may_stop_the_work() -> None:
    told: list[int] = []

    def listen(
        stage: int, name: str | None, done: int | None, total: int | None, detail: str | None
    ) -> None:
        if done is not None:
            told.append(done)
        if len(told) > 3:
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        eq.Network.brunel(2500).run(100_000, progress=listen)  # type: ignore[arg-type]
    assert told[0] == 0


def test_a_bar_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    eq.balance_map(
        eq.Network.brunel(500).replace(duration=100.0), g=[4, 5], eta=[1, 2], progress=True
    )
    assert "mapping" in capsys.readouterr().err
