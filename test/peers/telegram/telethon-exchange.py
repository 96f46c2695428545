# Telethon: its own senders, which know the data centre's key, make an authorization key with it, and call methods.
import asyncio
import collections
import json
import logging
import sys

from telethon.crypto import rsa
from telethon.network import MTProtoSender
from telethon.network.connection import (
    ConnectionTcpMTProxyIntermediate,
    ConnectionTcpMTProxyRandomizedIntermediate,
)
from telethon.tl.alltlobjects import LAYER
from telethon.tl.functions import InitConnectionRequest, InvokeWithLayerRequest, PingRequest
from telethon.tl.functions.help import GetNearestDcRequest


async def exchange(host, port, secret, dc):
    padded = secret.startswith("dd")
    kind = ConnectionTcpMTProxyRandomizedIntermediate if padded else ConnectionTcpMTProxyIntermediate
    loggers = collections.defaultdict(lambda: logging.getLogger("telethon"))
    connection = kind("127.0.0.1", 443, dc, loggers=loggers, proxy=(host, port, secret))
    sender = MTProtoSender(None, loggers=loggers, retries=1, auto_reconnect=False)
    try:
        await sender.connect(connection)
        # Long enough for Telethon to pack it.
        device = "a device with a long name " * 40
        call = InitConnectionRequest(1, device, "1", "1", "en", "", "en", GetNearestDcRequest())
        answer = await sender.send(InvokeWithLayerRequest(LAYER, call))
        pong = await sender.send(PingRequest(ping_id=42))
        if pong.ping_id != 42:
            return False, "a pong to another ping"
        return True, "nearest to %s is %d" % (answer.country, answer.this_dc)
    except Exception as error:
        return False, "%s: %s" % (type(error).__name__, error)
    finally:
        await sender.disconnect()


async def main(targets):
    results = await asyncio.gather(*(exchange(**target) for target in targets))
    return [{"ok": ok, "detail": detail} for ok, detail in results]


asked = json.loads(sys.argv[1])
rsa.add_key(asked["publicKey"], old=False)
print("\n" + json.dumps(asyncio.run(main(asked["targets"]))), flush=True)
