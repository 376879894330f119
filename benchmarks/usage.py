"""What a server costs: CPU seconds and memory of a process with its children."""

import psutil


def tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def cpu(pid: int) -> float:
    """Seconds of CPU, user and system."""
    total = 0.0
    for one in tree(pid):
        times = one.cpu_times()
        total += times.user + times.system
    return total


def memory(pid: int) -> int:
    """Resident bytes."""
    return sum(one.memory_info().rss for one in tree(pid))
