"""The machine of a run, and how busy it was with something else."""
import os
import pathlib
import platform
import re
import time

from measuring import CORES, busy

DISTURBED = 0.1     # a run during which others used more of the machine than this is marked


class State:
    """How it was before the first run.

    The load average remembers a minute, and with it the build before the benchmark; what is judged is how busy the
    machine is in two seconds in which the benchmark does nothing.
    """

    def __init__(self):
        self.load = os.getloadavg()
        self.date = time.strftime('%Y-%m-%d %H:%M', time.gmtime())
        before, began = busy(), time.monotonic()
        time.sleep(2)
        self.busy = (busy() - before) / (time.monotonic() - began) / CORES
        if self.is_loaded:
            print(f'WARNING: {self.sentence()}', flush=True)

    @property
    def is_loaded(self):
        return self.busy > DISTURBED or self.load[0] > 2 * CORES

    def sentence(self):
        return (f'the machine is not quiet: {self.busy:.0%} of it was busy before the first run, the load average '
                f'{self.load[0]:.2f}. The figures check this harness and say nothing about the subjects.')

    def dictionary(self):
        cpu = re.search(r'model name\s*: (.+)', pathlib.Path('/proc/cpuinfo').read_text())
        memory = int(re.search(r'MemTotal:\s+(\d+)', pathlib.Path('/proc/meminfo').read_text())[1])
        return {
            'date': self.date, 'cores': CORES, 'cpu': cpu[1] if cpu else platform.machine(),
            'memory': memory * 1024, 'kernel': platform.release(), 'load': self.load,
            'busy': self.busy, 'isLoaded': self.is_loaded,
            'warning': self.sentence() if self.is_loaded else None}
