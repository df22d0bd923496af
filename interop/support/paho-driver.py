"""Runs paho clients as JSON lines on standard input tell, and reports what happens to them.

Every line has "client", the name of the client it is about. Payloads and correlation data are in
hexadecimal. It ends with its input.
"""

import json
import os
import socket
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

output_lock = threading.Lock()


def fail(thrown):
    """A fault in one of paho's threads ends all."""
    threading.__excepthook__(thrown)
    sys.stderr.flush()
    os._exit(1)


threading.excepthook = fail


def report(client, event, **content):
    line = json.dumps({"client": client, "event": event, **content})
    with output_lock:
        print(line, flush=True)


def code(reason):
    """Reason codes of 5.0 are objects, those before are numbers."""
    return reason if isinstance(reason, int) else reason.value


def to_properties(packet_type, values):
    properties = Properties(packet_type)
    for name, value in (values or {}).items():
        if name == "userProperties":
            properties.UserProperty = [tuple(pair) for pair in value]
        elif name == "correlationData":
            properties.CorrelationData = bytes.fromhex(value)
        else:
            setattr(properties, name[0].upper() + name[1:], value)
    return properties


def from_properties(properties):
    values = {}
    for name in properties.names if properties is not None else []:
        attribute = name.replace(" ", "")
        if not hasattr(properties, attribute):
            continue
        value = getattr(properties, attribute)
        if attribute == "UserProperty":
            values["userProperties"] = value
        elif attribute == "SubscriptionIdentifier":
            values["subscriptionIdentifiers"] = value
        elif attribute == "CorrelationData":
            values["correlationData"] = value.hex()
        else:
            values[attribute[0].lower() + attribute[1:]] = value
    return values


class Driven:
    def __init__(self, name, version, clientId, clean, will, properties, port):
        is_5 = version == mqtt.MQTTv5
        self.name = name
        self.is_5 = is_5
        # Tokens of what is being published by its mid, and mids that were faster than that.
        self.tokens = {}
        self.published = set()
        self.lock = threading.Lock()
        self.paho = mqtt.Client(
            clientId,
            clean_session=None if is_5 else clean,
            protocol=version,
            reconnect_on_failure=False,
        )
        self.paho.on_connect = self.on_connect
        self.paho.on_subscribe = self.on_subscribe
        self.paho.on_unsubscribe = self.on_unsubscribe
        self.paho.on_publish = self.on_publish
        self.paho.on_message = self.on_message
        self.paho.on_disconnect = self.on_disconnect
        if will is not None:
            self.paho.will_set(
                will["topic"],
                bytes.fromhex(will["payload"]),
                will["qos"],
                will["retain"],
                to_properties(PacketTypes.WILLMESSAGE, will["properties"]) if is_5 else None,
            )
        start = {
            "clean_start": clean,
            "properties": to_properties(PacketTypes.CONNECT, properties),
        }
        self.paho.connect("127.0.0.1", port, **(start if is_5 else {}))
        self.paho.loop_start()

    def on_connect(self, _paho, _data, flags, reason, properties=None):
        report(
            self.name,
            "connack",
            reasonCode=code(reason),
            sessionPresent=bool(flags["session present"]),
            properties=from_properties(properties),
        )

    def on_subscribe(self, _paho, _data, _mid, reasons, _properties=None):
        report(self.name, "suback", reasonCodes=[code(reason) for reason in reasons])

    def on_unsubscribe(self, _paho, _data, _mid, _properties=None, reasons=()):
        # One reason code comes by itself, several come as a list.
        listed = reasons if isinstance(reasons, (list, tuple)) else [reasons]
        report(self.name, "unsuback", reasonCodes=[code(reason) for reason in listed])

    def on_publish(self, _paho, _data, mid):
        with self.lock:
            token = self.tokens.pop(mid, None)
            if token is None:
                self.published.add(mid)
                return
        report(self.name, "published", token=token)

    def on_message(self, _paho, _data, message):
        report(
            self.name,
            "message",
            topic=message.topic,
            payload=message.payload.hex(),
            qos=message.qos,
            retain=bool(message.retain),
            properties=from_properties(message.properties) if self.is_5 else {},
        )

    def on_disconnect(self, _paho, _data, reason, _properties=None):
        report(self.name, "closed", reasonCode=code(reason))

    def subscribe(self, filter, qos, noLocal, retainAsPublished, retainHandling, properties):
        if not self.is_5:
            self.paho.subscribe(filter, qos)
            return
        options = SubscribeOptions(qos, noLocal, retainAsPublished, retainHandling)
        wanted = to_properties(PacketTypes.SUBSCRIBE, properties)
        self.paho.subscribe(filter, options=options, properties=wanted)

    def unsubscribe(self, filter):
        self.paho.unsubscribe(filter)

    def publish(self, token, topic, payload, qos, retain, properties):
        wanted = to_properties(PacketTypes.PUBLISH, properties) if self.is_5 else None
        # Not under the lock: paho holds one of its own both here and when it calls on_publish.
        info = self.paho.publish(topic, bytes.fromhex(payload), qos, retain, wanted)
        with self.lock:
            if info.mid not in self.published:
                self.tokens[info.mid] = token
                return
            self.published.remove(info.mid)
        report(self.name, "published", token=token)

    def close(self, reasonCode):
        if not self.is_5 or reasonCode is None:
            self.paho.disconnect()
            return
        reason = mqtt.ReasonCodes(PacketTypes.DISCONNECT, identifier=reasonCode)
        self.paho.disconnect(reasoncode=reason)

    def cut(self):
        self.paho.socket().shutdown(socket.SHUT_RDWR)


def main():
    clients = {}
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("client")
        do = command.pop("do")
        if do == "connect":
            clients[name] = Driven(name, **command)
        else:
            getattr(clients[name], do)(**command)


main()
