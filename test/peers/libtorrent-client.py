# libtorrent: says its first words to one port of loopback, in one of its protocols, until its input ends.
import sys

import libtorrent

port, protocol = int(sys.argv[1]), sys.argv[2]
here = f"127.0.0.1:{port}"
session = libtorrent.session(
    {
        "listen_interfaces": "127.0.0.1:0",
        "enable_upnp": False,
        "enable_natpmp": False,
        "enable_lsd": False,
        "enable_dht": protocol == "dht",
        "dht_bootstrap_nodes": here if protocol == "dht" else "",
        "enable_outgoing_tcp": protocol == "tcp",
        "enable_outgoing_utp": protocol == "utp",
        # Not encrypted.
        "out_enc_policy": 2,
        "in_enc_policy": 2,
    }
)
params = libtorrent.add_torrent_params()
params.info_hashes = libtorrent.info_hash_t(libtorrent.sha1_hash(b"a" * 20))
params.save_path = sys.argv[3]
if protocol == "tracker":
    params.trackers = [f"udp://{here}/announce"]
torrent = session.add_torrent(params)
torrent.resume()
if protocol in ("tcp", "utp"):
    torrent.connect_peer(("127.0.0.1", port))
sys.stdin.read()
