"""Speaks to the echo with python3-websockets and prints what came of it, as JSON.

Arguments: the URL, and "deflate" or "plain".
"""

import asyncio
import json
import sys

from websockets.exceptions import ConnectionClosed
from websockets.legacy.client import connect


async def run(url, compression):
    heard = {}
    async with connect(url, compression=compression, max_size=None) as socket:
        heard["extensions"] = [extension.name for extension in socket.extensions]
        heard["echoes"] = []
        for message in ["", "안녕, 세상 😀", "text " * 20000, b"", bytes(range(256)) * 500]:
            await socket.send(message)
            heard["echoes"].append(await socket.recv() == message)
        await socket.send(["frag", "men", "", "ted 한", "글"])
        heard["fragmented"] = await socket.recv()
        await (await socket.ping(b"a ping of theirs"))
        heard["pong"] = True
        await socket.send("ping me")
        heard["pinged"] = await socket.recv()
        await socket.close(4001, "done")
        heard["closed"] = [socket.close_code, socket.close_reason]
    async with connect(url, compression=compression) as socket:
        await socket.send("close me")
        try:
            await socket.recv()
        except ConnectionClosed as closed:
            heard["serverClosed"] = [closed.rcvd.code, closed.rcvd.reason]
    async with connect(url, compression=compression, max_size=None) as socket:
        # Random enough not to be compressed below the limit.
        state = 1
        large = bytearray()
        while len(large) < 300_000:
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            large.append(state >> 16 & 0xFF)
        try:
            await socket.send(bytes(large))
            await socket.recv()
        except ConnectionClosed:
            pass
        await socket.wait_closed()
        heard["tooBig"] = socket.close_code
    print(json.dumps(heard))


asyncio.run(run(sys.argv[1], "deflate" if sys.argv[2] == "deflate" else None))
