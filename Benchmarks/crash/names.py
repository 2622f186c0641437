"""The files of a data directory: no name stands over a file that is not what it says (spec/disk-format.md)."""
import hashlib
import os
import struct

FOOTER = 64


def walk(data):
    """Every chunk file's path, in every namespace."""
    for namespace in sorted((data / 'ns').iterdir()) if (data / 'ns').exists() else []:
        for folder in os.scandir(namespace / 'chunks'):
            with os.scandir(folder.path) as files:
                yield from files


def faults(data, seen):
    """What is wrong, as sentences. `seen`: those whose bytes were read before; of them only the length is looked at."""
    for file in walk(data):
        length = file.stat().st_size
        key = (file.name, file.inode(), length)
        if length <= FOOTER:
            yield f'{file.path} has {length} bytes'
        elif key not in seen:
            seen.add(key)
            with open(file.path, 'rb') as opened:
                yield from fault(file.path, file.name, opened.read())


def fault(path, name, content):
    payload, footer = content[:-FOOTER], content[-FOOTER:]
    magic, version, codec, _, plain, stored, _, digest = struct.unpack('>4sBBHIII32s', footer[:52])
    if magic != b'CRNC' or version != 1 or stored != len(payload):
        yield f'{path} has no footer'
    elif digest.hex() != name:
        yield f'{path} holds {digest.hex()}'
    elif codec == 0 and (plain != stored or hashlib.sha256(payload).digest() != digest):
        yield f'{path} has other bytes than its name says'


def record_faults(data, ids):
    """Complete files that have no record, or a broken one, as sentences."""
    for id in ids:
        found = list((data / 'ns').glob(f'*/manifests/{id[:2]}/{id}'))
        content = found[0].read_bytes() if found else b''
        if not found:
            yield f'the complete file {id} has no record'
        elif hashlib.sha256(content[:-32]).digest() != content[-32:]:
            yield f'the record of the complete file {id} is broken'
