"""Speaks to the echo with python3-autobahn and prints what came of it, as JSON.

Arguments: the URL, and "deflate" or "plain".
"""

import asyncio
import json
import sys

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from autobahn.websocket.util import parse_url

url = sys.argv[1]
deflates = sys.argv[2] == "deflate"
heard = {}


class Client(WebSocketClientProtocol):
    """Sends one thing after the other, each when the one before was answered."""

    def onConnect(self, response):
        heard["extensions"] = [extension.EXTENSION_NAME for extension in response.extensions]

    def onOpen(self):
        heard["echoes"] = []
        self.sent = [
            (b"", False, None),
            ("안녕, 세상 😀".encode(), False, None),
            (b"text " * 20000, False, None),
            (b"", True, None),
            (bytes(range(256)) * 500, True, None),
            ("in fragments 한글 ".encode() * 100, False, 7),
        ]
        self.next()

    def next(self):
        if self.sent:
            payload, is_binary, fragment_size = self.sent[0]
            self.sendMessage(payload, is_binary, fragmentSize=fragment_size)
        elif "pong" not in heard:
            self.sendPing(b"a ping of theirs")
        elif "pinged" not in heard:
            self.sendMessage(b"ping me")
        else:
            self.sendClose(4001, "done")

    def onMessage(self, payload, isBinary):
        if self.sent:
            expected, is_binary, _ = self.sent.pop(0)
            heard["echoes"].append(payload == expected and isBinary == is_binary)
        else:
            heard["pinged"] = payload.decode()
        self.next()

    def onPong(self, payload):
        heard["pong"] = payload == b"a ping of theirs"
        self.next()

    def onClose(self, wasClean, code, reason):
        heard["closed"] = [wasClean, code, reason or ""]
        finished.set()


class ClosedClient(WebSocketClientProtocol):
    """Asks to be closed."""

    def onOpen(self):
        self.sendMessage(b"close me")

    def onClose(self, wasClean, code, reason):
        heard["serverClosed"] = [wasClean, code, reason]
        finished.set()


def accept(response):
    if isinstance(response, PerMessageDeflateResponse):
        return PerMessageDeflateResponseAccept(response)
    return None


async def run(protocol):
    finished.clear()
    factory = WebSocketClientFactory(url)
    factory.protocol = protocol
    if deflates:
        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()],
            perMessageCompressionAccept=accept,
        )
    _, host, port, *_ = parse_url(url)
    await asyncio.get_running_loop().create_connection(factory, host, port)
    await finished.wait()


async def main():
    global finished
    finished = asyncio.Event()
    await run(Client)
    await run(ClosedClient)
    print(json.dumps(heard))


asyncio.run(main())
