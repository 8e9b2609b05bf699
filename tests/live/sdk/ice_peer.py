"""aioice, a client of STUN and TURN by somebody else, against our relay.

ice_peer.py HOST PORT NAME PASSWORD: two ICE agents that may use nothing but the relay meet, and what each says comes to the
other. Prints `seen ADDRESS` and `heard TEXT` for each. Exit status 3: the relay refused.
"""

import asyncio
import sys

import aioice
from aioice import stun, turn


class Question(asyncio.DatagramProtocol):
    def __init__(self):
        self.answer = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        transport.sendto(bytes(request))

    def datagram_received(self, data, addr):
        self.answer.set_result(stun.parse_message(data))


async def seen(server):
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Question, remote_addr=server)
    answer = await asyncio.wait_for(protocol.answer, 10)
    own = transport.get_extra_info("sockname")
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == own, (answer, own)
    transport.close()
    print("seen", own[0], flush=True)


async def main():
    server = (sys.argv[1], int(sys.argv[2]))
    name, password = sys.argv[3:5]
    await seen(server)
    # What is lent at all, and is given back.
    try:
        transport, _ = await turn.create_turn_endpoint(
            asyncio.DatagramProtocol, server_addr=server, username=name, password=password)
    except stun.TransactionFailed as error:
        print("refused", error.response.attributes["ERROR-CODE"][0], flush=True)
        sys.exit(3)
    transport.close()
    agents = [
        aioice.Connection(
            ice_controlling=controlling, components=1, turn_server=server, turn_username=name, turn_password=password,
            transport_policy=aioice.TransportPolicy.RELAY)
        for controlling in (True, False)
    ]
    for agent in agents:
        await agent.gather_candidates()
    for one, other in (agents, agents[::-1]):
        kinds = [candidate.type for candidate in one.local_candidates]
        assert kinds == ["relay"], kinds
        other.remote_username, other.remote_password = one.local_username, one.local_password
        for candidate in one.local_candidates:
            await other.add_remote_candidate(candidate)
        await other.add_remote_candidate(None)
    await asyncio.wait_for(asyncio.gather(*(agent.connect() for agent in agents)), 30)
    for one, other in (agents, agents[::-1]):
        for n in range(50):
            await one.send(b"hello %d" % n)
            heard = await asyncio.wait_for(other.recv(), 10)
            assert heard == b"hello %d" % n, heard
    print("heard both ways", flush=True)
    for agent in agents:
        await agent.close()


asyncio.run(main())
