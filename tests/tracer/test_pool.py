"""Near a time limit, company makes no verdict: such a run is made again alone, and nothing runs beside it then."""

import ctypes
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from deskcheck_tracer import InputError, Limits, Program, Sandbox
from deskcheck_tracer.line import LineEnd
from deskcheck_tracer.outcome import Outcome, RunResult
from deskcheck_tracer.pool import Pool

LIMITS = Limits(cpu_s=1.0)


class Company:
    """A machine on which a program takes half as long again while others run: workers that say what it took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.running, self.limits, self.most = 0, list[float](), 0

    def worker(self) -> "CompanyWorker":
        return CompanyWorker(self)

    def run(self, alone_s: float, limit_s: float) -> float:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.limits.append(limit_s)
        time.sleep(0.02)
        with self._lock:
            others = self.running - 1
            self.running -= 1
        return alone_s * (1.5 if others else 1.0)


class CompanyWorker:
    """Each program's source is the CPU time that it takes alone."""

    def __init__(self, company: Company) -> None:
        self.company = company

    def run(self, program: Program, limits: Limits, mode: str, end: LineEnd | None = None) -> RunResult:
        assert limits.cpu_s is not None
        cpu_s = self.company.run(float(program.source), limits.cpu_s)
        return RunResult(Outcome.cpu if cpu_s > limits.cpu_s else Outcome.ok, cpu_s=cpu_s)

    def close(self) -> None:
        pass


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def sandbox(company: Company) -> Iterator[Sandbox]:
    with Sandbox(workers=4, isolation="process") as sandbox:
        sandbox._pool = Pool(company.worker, 4)
        yield sandbox
        sandbox._pool.close()


def test_company_does_not_make_a_program_slow(sandbox: Sandbox, company: Company) -> None:
    results = sandbox.run_many([Program("0.9")] * 8, LIMITS)
    assert [result.outcome for result in results] == [Outcome.ok] * 8
    assert max(result.cpu_s for result in results) == 0.9 and company.most == 4
    assert company.limits.count(1.0) == len(company.limits) - 8 > 0  # once beside others, then alone at the limit


def test_what_is_slow_alone_is_slow(sandbox: Sandbox) -> None:
    results = sandbox.run_many([Program("1.1"), Program("0.5"), Program("9")], LIMITS)
    assert [result.outcome for result in results] == [Outcome.cpu, Outcome.ok, Outcome.cpu]


def test_one_worker_is_alone_anyway(company: Company) -> None:
    with Sandbox(workers=1, isolation="process") as sandbox:
        sandbox._pool = Pool(company.worker, 1)
        assert sandbox.run(Program("1.1"), LIMITS).outcome is Outcome.cpu
    assert company.limits == [1.0]


def test_whoever_is_alone_waits_for_the_others_and_holds_up_the_next(company: Company) -> None:
    pool = Pool(company.worker, 3)
    held, order = [pool.take(), pool.take()], list[str]()

    def be_alone() -> None:
        with pool.alone() as take:
            order.append("alone")
            worker = take()
            time.sleep(0.1)
            pool.give(worker)
            order.append("done")

    def come_later() -> None:
        pool.give(pool.take())
        order.append("later")

    threads = [threading.Thread(target=be_alone)]
    threads[0].start()
    time.sleep(0.05)
    threads.append(threading.Thread(target=come_later))
    threads[1].start()
    time.sleep(0.05)
    order.append("given back")
    for worker in held:
        pool.give(worker)
    for thread in threads:
        thread.join()
    assert order == ["given back", "alone", "done", "later"]


def test_a_real_program_beyond_its_limit_is_cut_in_company(company: Company) -> None:
    """0.4 s of work end by themselves at 1.5 times 0.3 s, and not when they run alone."""
    source = "import time\nwhile time.process_time() < 0.4: pass\nprint(1)\n"
    with Sandbox(workers=2) as sandbox:
        slow, fast = sandbox.run_many([Program(source)] * 2, [Limits(cpu_s=0.3), Limits(cpu_s=0.6)])
    assert (slow.outcome, fast.outcome) == (Outcome.cpu, Outcome.ok)
    assert slow.stdout == "" and fast.stdout == "1\n"


def test_a_second_run_is_no_second_try() -> None:
    """A program that does something else each time, and comes near its limit, has no say in which run counts."""
    source = (
        "import random, time\nprint(random.random())\nend = time.process_time() + %s\n"
        "while time.process_time() < end: pass\n"
    )
    with Sandbox(workers=2) as sandbox:
        near, far = sandbox.run_many([Program(source % 0.35), Program(source % 0.1)], Limits(cpu_s=0.3))
    assert (near.outcome, far.outcome) == (Outcome.cpu, Outcome.ok)


def test_an_interrupt_while_waiting_to_be_alone_loses_no_permit(company: Company) -> None:
    pool = Pool(company.worker, 3)
    held = [pool.take(), pool.take()]

    def be_alone() -> None:
        with pytest.raises(KeyboardInterrupt), pool.alone():
            raise AssertionError("two workers are still out")

    thread = threading.Thread(target=be_alone)
    thread.start()
    time.sleep(0.1)
    interrupt(thread)
    for worker in held:
        pool.give(worker)
    thread.join(5)
    assert not thread.is_alive()
    with pool.alone() as take:
        pool.give(take())


def interrupt(thread: threading.Thread) -> None:
    """What ctrl-c does to the main thread."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt))


def test_a_closed_pool_says_so(company: Company) -> None:
    with Sandbox(workers=2, isolation="process") as sandbox:
        pass
    for run in (lambda: sandbox.run(Program("1")), lambda: sandbox.run_many([Program("1")])):
        with pytest.raises(InputError, match="this sandbox is closed"):
            run()


def test_a_fork_of_the_owner_is_told_too() -> None:
    script = (
        "import os, signal\nfrom deskcheck_tracer import InputError, Program, Sandbox\n"
        "sandbox = Sandbox(workers=2)\nsandbox.run_many([Program('print(1)')] * 4)\npid = os.fork()\n"
        "if pid == 0:\n    signal.alarm(20)\n    try: sandbox.run_many([Program('print(2)')] * 4)\n"
        "    except InputError: os._exit(7)\n    os._exit(1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 7
