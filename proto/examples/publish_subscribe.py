"""Creates a group, subscribes to it, publishes three messages with receipts, and prints what comes.

usage: PYTHONPATH=stubs python3 publish_subscribe.py GROUP
environment: BANYAN_NODE, BANYAN_BUILDER (host:port), BANYAN_CA (file), BANYAN_TOKEN
"""
import os
import sys
import threading

import grpc
from banyan.builder.v1 import builder_pb2, builder_pb2_grpc
from banyan.multicast.v1 import multicast_pb2, multicast_pb2_grpc

MESSAGES = [b"one", b"two", b"three"]


def channel(address):
    with open(os.environ["BANYAN_CA"], "rb") as file:
        tls = grpc.ssl_channel_credentials(file.read())
    token = grpc.access_token_call_credentials(os.environ["BANYAN_TOKEN"])
    # Certificates name `localhost` besides the host, so this also holds for a bare IP address.
    options = [("grpc.ssl_target_name_override", "localhost")]
    return grpc.secure_channel(address, grpc.composite_channel_credentials(tls, token), options)


def requests(group, receipted):
    """One session: it is opened, then come batches; the counter of the first message counts on from 1."""
    yield multicast_pb2.PublishRequest(open=multicast_pb2.PublishOpen(group=group))
    yield multicast_pb2.PublishRequest(batch=multicast_pb2.PublishBatch(first_counter=1, messages=MESSAGES))
    receipted.wait()  # ending the requests ends the session


def main():
    group = sys.argv[1]
    builder = builder_pb2_grpc.TreeBuilderServiceStub(channel(os.environ["BANYAN_BUILDER"]))
    node = multicast_pb2_grpc.MulticastServiceStub(channel(os.environ["BANYAN_NODE"]))
    try:
        signed = builder.CreateGroup(builder_pb2.CreateGroupRequest(name=group), timeout=10).descriptor
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.ALREADY_EXISTS:
            raise
        signed = builder.DescribeGroup(builder_pb2.DescribeGroupRequest(name=group), timeout=10).descriptor
    full_name = multicast_pb2.GroupDescriptor.FromString(signed.descriptor).name
    print(f"group {full_name}")

    subscription = node.Subscribe(multicast_pb2.SubscribeRequest(group=full_name))
    first = next(subscription)  # the graft is acknowledged: whatever is published from now on will come
    print(f"subscribed from sequence {first.subscribed.next_sequence}")

    receipted = threading.Event()
    for response in node.Publish(requests(full_name, receipted)):
        if response.WhichOneof("response") == "receipt":
            receipt = response.receipt
            print(f"{receipt.count} messages are receipted from sequence {receipt.first_sequence} on")
            receipted.set()

    left = len(MESSAGES)
    for response in subscription:
        kind = response.WhichOneof("response")
        if kind == "gap":
            print(f"{response.gap.first_sequence} to {response.gap.last_sequence} will not come")
        elif kind == "messages":
            for index, message in enumerate(response.messages.messages):
                print(f"{response.messages.first_sequence + index} {message.decode()}")
                left -= 1
        if left <= 0:
            subscription.cancel()
            break


main()
