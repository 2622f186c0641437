"""Other people's clients against a server: upload.py URL FOLDER

Uploads files of 0 bytes, 1 byte and 37 MiB + 13 with tuspy, aiotus and curl: whole, in parts, broken off and resumed,
with checksums. Each file is fetched back and compared. Prints a line for each, and ends with 1 at the first difference.
"""

import asyncio
import hashlib
import os
import random
import subprocess
import sys
import urllib.request

import aiohttp
import aiotus
import aiotus.core
from tusclient import client as tuspy

URL, FOLDER = sys.argv[1], sys.argv[2]
FILES = URL + "/files"
SIZES = [0, 1, 37 * 1024 * 1024 + 13]


def path_of(size):
    path = os.path.join(FOLDER, str(size))
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(random.Random(size).randbytes(size))
    return path


def digest(data):
    return hashlib.sha256(data).hexdigest()


def verify(what, size, url):
    with urllib.request.urlopen(str(url)) as answer:
        found = answer.read()
    with open(path_of(size), "rb") as file:
        expected = file.read()
    if digest(found) != digest(expected):
        sys.exit(f"{what}, {size} bytes: the file is another one")
    print(f"ok {what}, {size} bytes", flush=True)


def with_tuspy(size):
    mine = tuspy.TusClient(FILES)
    for what, options in [
        ("tuspy whole", {}),
        ("tuspy in pieces", {"chunk_size": 5 * 1024 * 1024}),
        ("tuspy with sha1", {"chunk_size": 8 * 1024 * 1024, "upload_checksum": True}),
        ("tuspy with metadata", {"metadata": {"filename": "фото.bin", "filetype": "image/png"}}),
    ]:
        uploader = mine.uploader(path_of(size), **options)
        uploader.upload()
        verify(what, size, uploader.url)
    if size > 1:
        first = mine.uploader(path_of(size), chunk_size=1024 * 1024 + 1)
        first.upload(stop_at=20 * 1024 * 1024)
        second = tuspy.TusClient(FILES).uploader(path_of(size), url=first.url)
        if second.offset != first.offset or second.offset == 0:
            sys.exit(f"tuspy: resumed at {second.offset}, not at {first.offset}")
        second.upload()
        verify("tuspy stopped and resumed", size, second.url)


class Breaking:
    """A file that breaks off after so many bytes."""

    def __init__(self, file, left):
        self.file, self.left = file, left

    def seek(self, *arguments):
        return self.file.seek(*arguments)

    def tell(self):
        return self.file.tell()

    def read(self, count=-1):
        data = self.file.read(count)
        self.left -= len(data)
        if self.left < 0:
            raise OSError("the disk is gone")
        return data


async def with_aiotus(size):
    with open(path_of(size), "rb") as file:
        metadata = {"filename": "фото.bin".encode(), "filetype": b"image/png", "flag": None}
        url = await aiotus.upload(FILES, file, metadata)
        verify("aiotus whole", size, url)
        if await aiotus.metadata(url) != metadata:
            sys.exit("aiotus: the metadata are others")
        file.seek(0)
        verify("aiotus in pieces", size, await aiotus.upload(FILES, file, chunksize=1024 * 1024 + 7))
    if size < 2:
        return
    cuts = [0, size // 3, 2 * size // 3, size]
    parts = []
    with open(path_of(size), "rb") as file:
        for number, (start, end) in enumerate(zip(cuts, cuts[1:])):
            part = os.path.join(FOLDER, f"part-{number}")
            file.seek(start)
            with open(part, "wb") as out:
                out.write(file.read(end - start))
            parts.append(open(part, "rb"))
    verify("aiotus in parallel parts", size, await aiotus.upload_multiple(FILES, parts))
    for part in parts:
        part.close()
    async with aiohttp.ClientSession() as session:
        with open(path_of(size), "rb") as file:
            url = await aiotus.creation.create(session, FILES, file, {})
            try:
                await aiotus.core.upload_buffer(session, url, Breaking(file, size // 2), chunksize=1024 * 1024)
                sys.exit("aiotus: the upload did not break off")
            except OSError:
                pass
            kept = await aiotus.core.offset(session, url)
            if not 0 < kept < size:
                sys.exit(f"aiotus: {kept} bytes were kept")
            await aiotus.core.upload_buffer(session, url, file)
            verify(f"aiotus broken off at {kept} and resumed", size, url)


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "--fail-with-body", *arguments], check=True, capture_output=True).stdout


def field(name, head):
    lines = head.decode().splitlines()
    return next(line.split(": ", 1)[1] for line in lines if line.lower().startswith(name.lower() + ":"))


def with_curl(size):
    path = path_of(size)
    place = curl("-T", path, FILES + "/file.bin").decode().strip()
    verify("curl -T", size, URL + place)
    head = curl("-D", "-", "-X", "POST", "-H", "Upload-Complete: ?1", "--data-binary", "@" + path, FILES)
    verify("curl, all at once by the IETF dialect", size, field("Location", head))
    if size < 2:
        return
    # Broken off by a limit of time, resumed at what the server has.
    head = curl("-D", "-", "-X", "POST", "-H", "Upload-Complete: ?0", "-H", f"Upload-Length: {size}", "-d", "", FILES)
    url = field("Location", head)
    fields = ["-H", "Content-Type: application/partial-upload", "-H", "Upload-Complete: ?1"]
    subprocess.run(
        ["curl", "-sS", "-m", "1", "--limit-rate", "8M", "-X", "PATCH", *fields, "-H", "Upload-Offset: 0",
         "--data-binary", "@" + path, url], capture_output=True)
    kept = int(field("Upload-Offset", curl("-I", url)))
    rest = os.path.join(FOLDER, "rest")
    with open(path, "rb") as file, open(rest, "wb") as out:
        file.seek(kept)
        out.write(file.read())
    curl("-X", "PATCH", *fields, "-H", f"Upload-Offset: {kept}", "--data-binary", "@" + rest, url)
    verify(f"curl broken off at {kept} and resumed", size, url)
    half = os.path.join(FOLDER, "half")
    with open(path, "rb") as file, open(half, "wb") as out:
        out.write(file.read(size // 2))
    curl("-C", "-", "-o", half, url)
    with open(half, "rb") as file, open(path, "rb") as whole:
        if digest(file.read()) != digest(whole.read()):
            sys.exit("curl: the download that went on is another file")
    print(f"ok curl -C -, {size} bytes", flush=True)


for size in SIZES:
    with_tuspy(size)
    asyncio.run(with_aiotus(size))
    with_curl(size)
