"""File systems in image files, mounted where nobody else sees them, whose power can be cut."""
import ctypes
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import time

SHUTDOWN = 0x8004587D       # EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
NO_LOG_FLUSH = 2            # what is neither in the log nor in its place is gone
CLONE_NEWNS = 0x20000

MAKE = {
    'ext4': ['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=0,lazy_journal_init=0,nodiscard'],
    'xfs': ['mkfs.xfs', '-q', '-f', '-K'],
}


class Unable(Exception):
    """This machine cannot do it; says why."""


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise Unable(f'{" ".join(map(str, command))}: {done.stderr.strip() or done.returncode}')
    return done.stdout


def hide_mounts():
    """Mounts of this process and its children are theirs alone, and end with them."""
    if os.geteuid():
        raise Unable('not root: no loop mounts')
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise Unable(f'unshare: {os.strerror(ctypes.get_errno())}')
    run('mount', '--make-rprivate', '/')


def able(kind):
    """Raises `Unable` unless file systems of this kind can be made, mounted and cut here."""
    if not shutil.which(MAKE[kind][0]):
        raise Unable(f'{MAKE[kind][0]} is not installed')
    if not os.path.exists('/dev/loop-control'):
        raise Unable('no loop devices')


class Disk:
    """One image, mounted at `path`."""

    def __init__(self, work, kind, length=512 << 20, make=(), options='noatime'):
        able(kind)
        self.kind, self.length, self.options = kind, length, options
        self.image = pathlib.Path(work) / f'{kind}.img'
        self.path = pathlib.Path(work) / kind
        self.path.mkdir(exist_ok=True)
        with open(self.image, 'wb') as image:
            image.truncate(length)
        run(*MAKE[kind], *make, self.image)
        self.mounted = False
        self.mount()

    @property
    def data(self):
        return self.path / 'data'

    def mount(self):
        run('mount', '-t', self.kind, '-o', f'loop,{self.options}', self.image, self.path)
        self.mounted = True

    def unmount(self):
        """The last process on it may need a moment to be gone."""
        for attempt in range(100):
            try:
                run('umount', self.path)
                self.mounted = False
                return
            except Unable:
                if attempt == 99:
                    raise
                time.sleep(0.02)

    def cut(self):
        """The power fails: from now on nothing reaches the disk. Returns the moment."""
        place = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(place, SHUTDOWN, struct.pack('I', NO_LOG_FLUSH))
        finally:
            os.close(place)
        return time.monotonic()

    def remount(self):
        """The power is back; what only the kernel's memory held is gone."""
        self.unmount()
        self.mount()

    def keep(self):
        """The image as it is, for a later start; to be called unmounted."""
        kept = self.image.with_suffix('.kept')
        run('cp', '--sparse=always', self.image, kept)

    def restore(self):
        """As it was kept."""
        if self.mounted:
            self.unmount()
        run('cp', '--sparse=always', self.image.with_suffix('.kept'), self.image)
        self.mount()

    def room(self):
        """Free bytes and free inodes, of those that anybody may use."""
        facts = os.statvfs(self.path)
        return facts.f_bavail * facts.f_frsize, facts.f_favail

    def close(self):
        if self.mounted:
            self.unmount()
        self.image.unlink(missing_ok=True)
        self.image.with_suffix('.kept').unlink(missing_ok=True)
