# Telethon: its own connection and key exchange, which stops after resPQ as it does not know the server's key.
import asyncio
import json
import re
import sys

from telethon.errors import SecurityError
from telethon.network import MTProtoPlainSender, authenticator
from telethon.network.connection import (
    ConnectionTcpMTProxyIntermediate,
    ConnectionTcpMTProxyRandomizedIntermediate,
)


class Loggers(dict):
    def __missing__(self, key):
        import logging

        return logging.getLogger("telethon")


async def main(host, port, secret, dc):
    padded = secret.startswith("dd")
    kind = ConnectionTcpMTProxyRandomizedIntermediate if padded else ConnectionTcpMTProxyIntermediate
    loggers = Loggers()
    connection = kind("127.0.0.1", 443, dc, loggers=loggers, proxy=(host, port, secret))
    try:
        await connection.connect()
        await authenticator.do_authentication(MTProtoPlainSender(connection, loggers=loggers))
        return False, "the key exchange went past resPQ"
    except SecurityError as error:
        # With the nonce checked, an unknown key is the first thing that stops it; it is named as a signed number.
        key = re.search(r"valid key for fingerprints: (-?\d+)", str(error))
        if key is None:
            return False, str(error)
        return True, "resPQ with key %x" % (int(key.group(1)) % 2**64)
    except Exception as error:
        return False, "%s: %s" % (type(error).__name__, error)
    finally:
        await connection.disconnect()


target = json.loads(sys.argv[1])
ok, detail = asyncio.run(main(target["host"], target["port"], target["secret"], target["dc"]))
print("\n" + json.dumps({"ok": ok, "detail": detail}), flush=True)
