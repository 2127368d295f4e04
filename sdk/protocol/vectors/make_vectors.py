#!/usr/bin/env python3
"""Writes the golden vectors of this folder from README.md's words, sharing no code with the library they check.

Needs python3-cryptography. Run it only when the wire format gets a new version; the tests read the JSON files.
"""
import base64
import hashlib
import json
import pathlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

HERE = pathlib.Path(__file__).parent


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def field(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack("<I", len(data)) + data


def integer(value):
    return struct.pack("<q", value)


def key(seed):
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return private, public, hashlib.sha256(public).hexdigest()[:16]


def write(name, document):
    (HERE / name).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def order(e):
    out = integer(e["version"])
    for name in ("command_id", "client_id", "agent_id", "command_type"):
        out += field(e[name])
    out += struct.pack("<I", len(e["actions"]))
    for action in e["actions"]:
        out += field(action["plugin"]) + field(action["action"]) + field(action["parameters"])
    return out + field(bytes.fromhex(e["plan_hash"])) + integer(e["restore_epoch"])


def envelope(seed, fields):
    private, public, key_id = key(seed)
    e = dict(fields, key_id=key_id)
    body = order(e) + integer(e["issued_at"]) + integer(e["not_before"]) + integer(e["expires_at"])
    body += field(bytes.fromhex(e["nonce"])) + field(key_id)
    identity = order(e) + integer(e["not_before"]) + integer(e["expires_at"])
    signature = private.sign(b"redflag-command-envelope-v1\0" + body)
    return {
        "seed": seed.hex(),
        "public_key": public.hex(),
        "fields": e,
        "body": body.hex(),
        "identity_hash": hashlib.sha256(identity).hexdigest(),
        "transport": {"version": 1, "key_id": key_id, "body": b64(body), "signature": b64(signature)},
    }


def envelopes():
    base = {
        "version": 1,
        "command_id": "01JM8ZC9T0QK5V3N7RWX2YBD4E",
        "client_id": "01JM8ZC9T0AAAAAAAAAAAAAAA1",
        "agent_id": "01JM8ZC9T0AAAAAAAAAAAAAAA2",
        "restore_epoch": 1,
        "issued_at": 1740794400123456789,
        "not_before": 1740794400000000000,
        "expires_at": 1740880800000000000,
        "nonce": "000102030405060708090a0b0c0d0e0f",
    }
    scan = dict(base, command_type="scan", plan_hash="", actions=[
        {"plugin": "kernel", "action": "scan", "parameters": '{"purpose":"updates"}'}])
    install = dict(base, command_type="install_updates", plan_hash="ab" * 32, actions=[
        {"plugin": "apt", "action": "install",
         "parameters": '{"plan":{"steps":[]}, "updates":[{"name":"größe","version":"1:2.0~rc1"}]}'},
        {"plugin": "kernel", "action": "scan", "parameters": "{}"}])
    return [envelope(bytes(range(32)), scan), envelope(bytes(range(32, 64)), install)]


def request(seed, key_id, method, authority, signed_authority, target, body, created, nonce, authorization=None):
    private, public, _ = key(seed)
    digest = "sha-256=:" + b64(hashlib.sha256(body).digest()) + ":"
    parameters = ('("@method" "@authority" "@request-target" "content-digest"' + (' "authorization"' if authorization else "") + ")"
                  f';created={created};nonce="{b64url(nonce)}";keyid="{key_id or b64url(public)}";alg="ed25519"')
    base = (f'"@method": {method}\n"@authority": {signed_authority}\n"@request-target": {target}\n'
            f'"content-digest": {digest}\n' + (f'"authorization": {authorization}\n' if authorization else "") +
            f'"@signature-params": {parameters}')
    out = {"authorization": authorization} if authorization else {}
    return out | {
        "seed": seed.hex(), "public_key": public.hex(), "key_id": key_id or b64url(public), "method": method,
        "authority": authority, "target": target, "body": body.hex(), "created": created, "nonce": nonce.hex(),
        "base": base, "content_digest": digest, "signature_input": "sig1=" + parameters,
        "signature": "sig1=:" + b64(private.sign(base.encode())) + ":",
    }


def requests():
    nonce = bytes(range(16, 32))
    return [
        request(bytes(range(32)), "01JM8ZC9T0AAAAAAAAAAAAAAA2", "POST", "RedFlag.Example.NET:443",
                "redflag.example.net", "/agent/v1/upload", b"\x28\xb5\x2f\xfd\x04\x00", 1740794400, nonce),
        request(bytes(range(32)), "01JM8ZC9T0AAAAAAAAAAAAAAA2", "GET", "127.0.0.1:8443", "127.0.0.1:8443",
                "/agent/v1/doorbell?after=%2F", b"", 1740794401, nonce),
        request(bytes(range(32, 64)), None, "POST", "[::1]:8443", "[::1]:8443", "/agent/v1/enroll", b"{}",
                1740794402, nonce),
    ]


def requests_with_token():
    nonce = bytes(range(16, 32))
    return [
        request(bytes(range(32)), "01JM8ZC9T0AAAAAAAAAAAAAAA2", "POST", "127.0.0.1:8443", "127.0.0.1:8443",
                "/agent/v1/commands/fetch", b"{}", 1740794403, nonce, "Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln"),
    ]


def documents():
    seed = bytes(range(32))
    private, public, _ = key(seed)
    fields = {"agent_id": "01JM8ZC9T0AAAAAAAAAAAAAAA2", "number": 7, "boot_id": "6f1d7f0e-7a3b-4b7c-9a51-3f1f6a0d2c11",
              "nonce": bytes(range(16)).hex()}
    machine = hashlib.sha256(b"redflag-machine-v1\0" + field(fields["agent_id"]) + field("machine-a")).digest()
    token = bytes(range(64, 96))
    previous = hashlib.sha256(b"redflag-refresh-token-v1\0" + token).digest()
    body = field(fields["agent_id"]) + integer(fields["number"]) + field(fields["boot_id"]) + field(machine)
    body += field(previous) + field(bytes.fromhex(fields["nonce"]))
    signature = private.sign(b"redflag-agent-state-v1\0" + body)
    return [{"seed": seed.hex(), "public_key": public.hex(), "fields": fields, "machine_id": "machine-a", "machine": machine.hex(),
             "refresh_token": token.hex(), "previous": previous.hex(), "hash": hashlib.sha256(body).hexdigest(),
             "transport": {"body": b64(body), "signature": b64(signature)}}]


def handovers():
    (old, old_public, _), (new, new_public, _) = key(bytes(range(32))), key(bytes(range(32, 64)))
    fields = {"agent_id": "01JM8ZC9T0AAAAAAAAAAAAAAA2", "command_id": "01JM8ZC9T0QK5V3N7RWX2YBD4E"}
    body = field(fields["agent_id"]) + field(fields["command_id"]) + field(old_public) + field(new_public)
    by_old = old.sign(b"redflag-key-handover-v1\0" + body)
    by_new = new.sign(b"redflag-key-takeover-v1\0" + field(body) + field(by_old))
    return [{"old_seed": bytes(range(32)).hex(), "new_seed": bytes(range(32, 64)).hex(), "fields": fields,
             "transport": {"body": b64(body), "by_old": b64(by_old), "by_new": b64(by_new)}}]


def plans():
    steps = [
        {"operation": "upgrade", "name": "zlib1g", "arch": "amd64", "from": "1:1.2.11", "to": "1:1.2.13"},
        {"operation": "remove", "name": "libold", "arch": "all", "from": "3", "to": ""},
        {"operation": "install", "name": "libold", "arch": "all", "from": "", "to": "4"},
        {"operation": "install", "name": "libold", "arch": "arm64", "from": "", "to": "4"},
    ]
    out = []
    for chosen in ([], steps):
        data = b"redflag-plan-v1\0"
        for s in sorted(chosen, key=lambda s: (s["name"], s["arch"], s["operation"])):
            data += b"".join(field(s[name]) for name in ("operation", "name", "arch", "from", "to"))
        out.append({"plan": {"steps": chosen}, "plan_hash": hashlib.sha256(data).hexdigest()})
    return out


def bundles():
    document = {"v": 1, "urls": ["https://redflag.example.net:8443"], "token": "rft_0123456789abcdef",
                "ca": [b64(b"0\x03\x02\x01\x01"), b64(b"0\x03\x02\x01\x02")],
                "root_version": 3, "root_sha256": hashlib.sha256(b"root").hexdigest()}
    text = json.dumps(document, separators=(",", ":"))
    return [{"document": document, "bundle": "rfb1." + b64url(text.encode())}]


write("envelope.json", envelopes())
write("message_signature.json", requests())
write("message_signature_with_token.json", requests_with_token())
write("state_document.json", documents())
write("key_handover.json", handovers())
write("plan_hash.json", plans())
write("bundle.json", bundles())
