"""The manual page of `cairn`, made of the help of its commands: man.py CAIRN TARGET.

Every command, argument and option stands in it as ArgumentParser tells them, so that no second text can differ.
"""
import json, pathlib, subprocess, sys


def escaped(text):
    """Text as roff takes it: no backslash, dash or leading point means anything."""
    text = text.replace('\\', '\\e').replace('-', '\\-')
    return '\n'.join('\\&' + line if line[:1] in ('.', "'") else line for line in text.split('\n'))


def bold(text):
    return f'\\fB{escaped(text)}\\fR'


def value(argument):
    return f'\\fI{escaped(argument.get("valueName", "value"))}\\fR'


def names(argument):
    """`-q, --quiet`, `--to url`, or the argument's own name."""
    if argument['kind'] == 'positional':
        return value(argument) + (' ...' if argument['isRepeating'] else '')
    dashed = {'long': '--', 'short': '-', 'longWithSingleDash': '-'}
    spelled = ', '.join(bold(dashed[name['kind']] + name['name']) for name in argument['names'])
    return spelled + (' ' + value(argument) if argument['kind'] == 'option' else '')


def described(argument):
    text = argument.get('abstract', '')
    if argument.get('allValues'):
        text += f' Values: {", ".join(argument["allValues"])}.'
    if argument.get('defaultValue') and argument['kind'] == 'option':
        text += f' Default: {argument["defaultValue"]}.'
    return escaped(text.strip()) or '\\&'


def synopsis(path, command):
    pieces = [bold(path)]
    for argument in shown(command):
        if argument['kind'] == 'positional':
            pieces.append(names(argument) if not argument['isOptional'] else f'[{names(argument)}]')
    if any(argument['kind'] != 'positional' for argument in shown(command)):
        pieces.insert(1, '[\\fIoptions\\fR]')
    return ' '.join(pieces)


def shown(command):
    hidden = {'help', 'version'}
    return [argument for argument in command.get('arguments', []) if argument['shouldDisplay']
            and not hidden & {name['name'] for name in argument.get('names', [])}]


def leaves(command, path):
    """Each command that does something, with its whole name."""
    below = [child for child in command.get('subcommands', []) if child['commandName'] != 'help']
    if not below:
        yield path, command
    for child in below:
        yield from leaves(child, f'{path} {child["commandName"]}')


def page(help, version):
    root = help['command']
    lines = [f'.TH CAIRN 1 "" "cairn {version}" "User commands"', '.SH NAME',
             f'cairn \\- {escaped(root["abstract"])}', '.SH SYNOPSIS']
    commands = list(leaves(root, 'cairn'))
    lines += ['.br\n'.join(synopsis(path, command) + '\n' for path, command in commands).rstrip('\n')]
    lines += ['.SH DESCRIPTION', *paragraphs(root.get('discussion', ''))]
    for path, command in commands:
        lines += [f'.SS {escaped(path)}', escaped(command.get('abstract', ''))]
        lines += paragraphs(command.get('discussion', ''))
        for argument in shown(command):
            lines += ['.TP', names(argument), described(argument)]
    lines += ['.SH ENVIRONMENT', '.TP', bold('CAIRN_URL'), 'The server of commands that are not told one.',
              '.TP', bold('SSL_CERT_FILE'), 'Certificates of those who may vouch for a server.',
              '.TP', bold('CAIRN_SERVE_...'), 'The settings of \\fBcairn serve\\fR: its options in capitals, with '
              'underscores for dashes.', '.SH SEE ALSO', 'spec/command.md and spec/operating.md of the sources.']
    return '\n'.join(lines) + '\n'


def paragraphs(text):
    """Blank lines part paragraphs; what is indented stays as it is."""
    for piece in filter(None, text.split('\n\n')):
        indented = any(line.startswith(' ') for line in piece.split('\n'))
        yield from ['.PP', *(['.nf', escaped(piece), '.fi'] if indented else [escaped(piece)])]


def main(cairn, target):
    run = lambda *arguments: subprocess.run([cairn, *arguments], check=True, capture_output=True, text=True).stdout
    text = page(json.loads(run('--experimental-dump-help')), run('--version').strip())
    path = pathlib.Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    missing = [word for word in ('cairn serve', 'cairn put', 'cairn get') if escaped(word) not in text]
    sys.exit(f'the page lacks {missing}' if missing else 0)


main(*sys.argv[1:])
