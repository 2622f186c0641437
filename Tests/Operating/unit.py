"""The unit of spec/operating under a real systemd: unit.py CAIRN. Needs root, overlayfs and systemd-nspawn.

A systemd of its own boots in a container over this machine's files, whose changes are thrown away; there what
.make/install.sh puts starts, serves, is reloaded, killed and stopped; without Swift, where the command needs none. Only its
state folder is this machine's: the server refuses an overlay. Ends with 77 where no systemd can be booted.
"""
import os, pathlib, shutil, subprocess, sys

import parts

# In a mount namespace of its own, so that nothing stays mounted whatever happens.
if len(sys.argv) == 2:
    os.execvp('unshare', ['unshare', '--mount', sys.executable, __file__, sys.argv[1], 'inside'])

PROBE = '''#!/bin/sh
exec >/probe.log 2>&1
property() { echo "$1 $2 $(systemctl show cairn -p "$2" --value)"; }
process() { systemctl show cairn -p MainPID --value; }
listens() { for _ in $(seq 100); do curl -sf http://127.0.0.1:8080/health/ready >/dev/null && return; sleep 0.1; done; }
export HOME=/root
head -c 50000000 /dev/urandom >/source
listens
property started ActiveState
sed -n 's/^\\(CapEff\\|NoNewPrivs\\|Seccomp\\):[[:space:]]*/process \\1 /p' "/proc/$(process)/status"
echo "process user $(ps -o user= -p "$(process)")"
echo "folder mode $(stat -c %a /var/lib/private/cairn)"
echo "first put $(cairn put /source --to http://127.0.0.1:8080 --json)"
systemctl reload cairn; listens
property reloaded ActiveState
kill -9 "$(process)"; sleep 1.5; listens
property killed NRestarts
echo "second put $(cairn put /source --to http://127.0.0.1:8080 --json)"
address=$(cairn ls --to http://127.0.0.1:8080 --json | sed 's/.*"url":"\\([^"]*\\)".*/\\1/')
cairn get "$address" -o /got && cmp /source /got && echo "got same yes"
systemctl stop cairn
property stopped Result
property stopped ActiveState
echo "security exposure $(systemd-analyze security cairn --no-pager | sed -n 's/.*level for cairn.service: \\([0-9.]*\\).*/\\1/p')"
journalctl -u cairn --no-pager -o cat
systemctl poweroff --force
'''
START = '''[Unit]
After=cairn.service
[Service]
Type=oneshot
ExecStart=/probe.sh
'''


def mount(*arguments):
    subprocess.run(['mount', *map(str, arguments)], check=True)


folder = parts.work_folder('unit')
changes, root, state = folder / 'changes', folder / 'root', folder / 'state'
for made in (changes, root, state):
    made.mkdir()
state.chmod(0o700)
mount('-t', 'tmpfs', 'tmpfs', changes)
for made in ('upper', 'work'):
    (changes / made).mkdir()
mount('-t', 'overlay', 'overlay', '-o', f'lowerdir=/,upperdir={changes}/upper,workdir={changes}/work', root)
pathlib.Path('/run/systemd/nspawn').mkdir(parents=True, exist_ok=True)
mount('-t', 'tmpfs', 'tmpfs', '/run/systemd/nspawn')

installed = subprocess.run(['sh', '.make/install.sh', sys.argv[1], '/usr/local', root], check=True, capture_output=True,
                           text=True, cwd=parts.ROOT).stdout.split()
units = root / 'etc' / 'systemd' / 'system'
wanted = units / 'multi-user.target.wants'
wanted.mkdir(parents=True, exist_ok=True)
(units / 'probe.service').write_text(START)
(wanted / 'probe.service').symlink_to('../probe.service')
(wanted / 'cairn.service').symlink_to('/usr/local/lib/systemd/system/cairn.service')
# A command that needs no Swift has none there.
needed = subprocess.run(['readelf', '-d', sys.argv[1]], check=True, capture_output=True, text=True).stdout
swift = pathlib.Path(shutil.which('swift') or '/usr/bin/swift').resolve().parents[1]
hidden = [] if 'libswiftCore' in needed else [f'--tmpfs={swift / "lib" / "swift"}:mode=755']
(root / 'etc' / 'machine-id').unlink(missing_ok=True)
(root / 'probe.sh').write_text(PROBE)
(root / 'probe.sh').chmod(0o755)
container = subprocess.Popen(
    ['systemd-nspawn', '-q', '-D', root, '--boot', '--register=no', '--keep-unit', '--private-network',
     '--machine=cairn-unit', f'--bind={state}:/var/lib/private', *hidden],
    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
try:
    boot = container.communicate(timeout=180)[0]
except subprocess.TimeoutExpired:
    container.kill()
    boot = container.communicate()[0]
log = root / 'probe.log'
if not log.exists():
    print(f'no systemd came up here:\n{boot[-2000:]}', file=sys.stderr)
    sys.exit(77)
said = log.read_text()


def value(what):
    return next((line[len(what) + 1:] for line in said.splitlines() if line.startswith(f'{what} ')), None)


rules = parts.Rules()
rules.hold('all that is installed is there',
           len(installed) == 6 and all(pathlib.Path(path).stat().st_size for path in installed))
rules.hold(f'the unit starts, and is ready{", where no Swift is" if hidden else ""}',
           value('started ActiveState') == 'active')
rules.hold('as a user of its own, without a capability, and may gain nothing',
           value('process user') == 'cairn' and int(value('process CapEff') or '1', 16) == 0
           and value('process NoNewPrivs') == '1' and value('process Seccomp') == '2')
rules.hold('its folder is for it alone', value('folder mode') == '700')
rules.hold('it takes a file', '"sent":50000000' in (value('first put') or ''), value('first put'))
rules.hold('a reload keeps it running', value('reloaded ActiveState') == 'active')
rules.hold('killed, it is started again and knows the file',
           value('killed NRestarts') == '1' and '"sent":0' in (value('second put') or ''), value('second put'))
rules.hold('and gives it back', value('got same') == 'yes')
rules.hold('a stop is clean', value('stopped Result') == 'success' and value('stopped ActiveState') == 'inactive')
rules.hold('little is exposed', float(value('security exposure') or 10) <= 1.2, f'{value("security exposure")} of 10')
if rules.broken:
    print(said)
subprocess.run(['umount', root])
subprocess.run(['umount', changes])
shutil.rmtree(folder)
rules.end()
