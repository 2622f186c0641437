#!/usr/bin/env python3
"""Receives PUT bodies and writes them into files, and does nothing else: what no server can do without.

    sink.py PORT FOLDER
"""
import os
import pathlib
import re
import socket
import sys


def main():
    folder, buffer = pathlib.Path(sys.argv[2]), bytearray(1 << 20)
    with socket.create_server(('127.0.0.1', int(sys.argv[1]))) as server:
        while True:
            line, _ = server.accept()
            with line:
                head = b''
                while b'\r\n\r\n' not in head:
                    piece = line.recv(65536)
                    if not piece:
                        break
                    head += piece
                else:
                    take(line, head, folder, memoryview(buffer))


def take(line, head, folder, buffer):
    head, _, body = head.partition(b'\r\n\r\n')
    name = re.match(rb'PUT /([\w.-]+) ', head)[1].decode()
    left = int(re.search(rb'(?i)content-length: *(\d+)', head)[1]) - len(body)
    out = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(out, body)
        while left and (count := line.recv_into(buffer, min(left, len(buffer)))):
            os.write(out, buffer[:count])
            left -= count
    finally:
        os.close(out)
    line.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')


main()
