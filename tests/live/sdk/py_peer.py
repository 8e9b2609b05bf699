"""Drives the API maker's own Python SDK, unmodified, as a test asks it to.

    python py_peer.py <plain port>

Speaks the same JSON lines as js_peer.js, and gives the SDK's callbacks the names that the web SDK has for them. Besides
callbacks it reports `state` when the SDK's session changes its state, since a lost link has no callback here.
The SDK's own log goes to stderr.
"""

import json
import logging
import socket
import sys
import threading

PORT = int(sys.argv[1])
LBS_HOST = 'lbs.sig.agora.io'
LOOPBACK = ('127.0.0.1', 'localhost')


def put(line):
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


def event(of, name, *args):
    put({'event': name, 'of': of, 'args': list(args)})


# The maker's address service is the server under test; no other name leads off this machine.
real_getaddrinfo = socket.getaddrinfo


def getaddrinfo(host, port, *args, **kwargs):
    if host == LBS_HOST:
        event('peer', 'request', host)
        return real_getaddrinfo('127.0.0.1', PORT, *args, **kwargs)
    if host not in LOOPBACK:
        event('peer', 'leak', str(host))
        raise socket.gaierror('%s is not on this machine' % host)
    return real_getaddrinfo(host, port, *args, **kwargs)


socket.getaddrinfo = getaddrinfo

from twisted.internet import reactor, task  # noqa: E402

from agorasigsdk import AgoraSignal, Call, Channel, LoginSession  # noqa: E402

session = None
channels = []
calls = []


class PongReporter(logging.Handler):
    """The SDK logs what it receives; that is the only place where a pong shows."""

    MARK = 'Received message '

    def emit(self, record):
        text = record.getMessage()
        frame = text[text.find(self.MARK) + len(self.MARK):]
        if self.MARK in text and frame.startswith('["pong"'):
            event('session', 'pong', json.loads(frame)[1])


logging.getLogger('agorasigsdk').addHandler(PongReporter())


def keep(things, thing):
    """Numbers count from 1, as in js_peer.js."""
    things.append(thing)
    return len(things)


def call_name(call):
    return 'call %d' % (calls.index(call) + 1)


def channel_name(channel):
    return 'channel %d' % (channels.index(channel) + 1)


class OnLogin(LoginSession.LoginCallback):
    def on_login_success(self, session, uid):
        event('session', 'onLoginSuccess', uid)

    def on_login_failed(self, session, code):
        event('session', 'onLoginFailed', code)

    def on_logout(self, session, code):
        event('session', 'onLogout', code)

    def on_error(self, session, code, reason):
        event('session', 'onError', code, reason)

    def on_msg_instant_received(self, session, account, uid, text):
        event('session', 'onMessageInstantReceive', account, uid, text)

    def on_invite_received(self, session, call):
        call.set_callback(OnCall())
        event('session', 'onInviteReceived', keep(calls, call), call.channel, call.peer, call.extra)


class OnCall(Call.CallCallback):
    def on_invite_received_by_peer(self, session, call):
        event(call_name(call), 'onInviteReceivedByPeer')

    def on_invite_accepted_by_peer(self, session, call, extra):
        event(call_name(call), 'onInviteAcceptedByPeer', extra)

    def on_invite_refused_by_peer(self, session, call, extra):
        event(call_name(call), 'onInviteRefusedByPeer', extra)

    def on_invite_failed(self, session, call, code):
        event(call_name(call), 'onInviteFailed', code)

    def on_invite_end_by_peer(self, session, call, extra):
        event(call_name(call), 'onInviteEndByPeer', extra)

    def on_invite_end_by_myself(self, session, call, extra):
        event(call_name(call), 'onInviteEndByMyself', extra)

    def on_invite_msg(self, session, call, extra):
        event(call_name(call), 'onInviteMsg', extra)


class OnChannel(Channel.ChannelCallback):
    def on_channel_joined(self, session, channel):
        event(channel_name(channel), 'onChannelJoined')

    def on_channel_join_failed(self, session, channel, code):
        event(channel_name(channel), 'onChannelJoinFailed', code)

    def on_channel_left(self, session, channel, code):
        event(channel_name(channel), 'onChannelLeaved', code)

    def on_channel_user_joined(self, session, channel, account, uid):
        event(channel_name(channel), 'onChannelUserJoined', account, uid)

    def on_channel_user_left(self, session, channel, account, uid):
        event(channel_name(channel), 'onChannelUserLeaved', account, uid)

    def on_channel_user_list(self, session, channel, accounts, uids):
        event(channel_name(channel), 'onChannelUserList', [list(pair) for pair in zip(accounts, uids)])

    def on_channel_attr_updated(self, session, channel, name, value, kind):
        event(channel_name(channel), 'onChannelAttrUpdated', name, value, kind)

    def on_msg_channel_received(self, session, channel, account, uid, text):
        event(channel_name(channel), 'onMessageChannelReceive', account, uid, text)


class OnMessage(LoginSession.MessageCallback):
    def __init__(self, command):
        self.command = command

    # The web SDK's callback gets "failed" as its only argument.
    def on_msg_send_success(self, session):
        event(str(self.command['id']), 'callback', False)

    def on_msg_send_error(self, session, code):
        event(str(self.command['id']), 'callback', True)


def report_state(seen):
    if session is not None and session.state != seen[0]:
        seen[0] = session.state
        event('session', 'state', seen[0])


def login(command):
    global session
    debugging = {} if command.get('by_lbs') else {'is_debugging': True, 'debug_params': [('127.0.0.1', PORT)]}
    session = AgoraSignal(command.get('app', 'callsign-tests')).login(
        command['account'], command.get('token', '_no_need_token'), OnLogin(), **debugging)


def invoke(command, function, args):
    """What the SDK has no method for goes through its `call2`."""
    session.call2(function, dict(args, line=session.line),
                  (lambda error, answer: event(str(command['id']), 'callback', error, answer), []))


def status(command):
    """The one query that the SDK has a method for."""
    session.query_user_status(command['account'],
                              lambda error, online: event(str(command['id']), 'callback', error, online))


def force_send(command):
    session.send_channel_msg(command['channel'], command['text'],
                             lambda error, answer: event(str(command['id']), 'callback', error, answer))


def join(command):
    channel = session.channel_join(command['channel'], OnChannel())
    return keep(channels, channel)


def invite(command):
    call = session.channel_invite_user_2(command['channel'], command['peer'], command.get('extra', ''), OnCall())
    return keep(calls, call)


def dtmf(command):
    call = calls[command['on'] - 1]
    extra = json.dumps({'msgtype': 'dtmf', 'msgdata': command['digits']})
    invoke(command, 'voip_invite_msg', {'channelName': call.channel, 'peer': call.peer, 'extra': extra})


OPERATIONS = {
    'login': login,
    'logout': lambda command: session.logout(),
    'status': lambda command: session.state,
    'query_user_status': status,
    'message': lambda command: session.msg_instant_send(command['peer'], command['text'], OnMessage(command)),
    'invoke': lambda command: invoke(command, command['function'], command['args']),
    'join': join,
    'leave': lambda command: channels[command['on'] - 1].channel_leave(),
    'broadcast': lambda command: channels[command['on'] - 1].msg_channel_send(
        command['text'], (lambda error, answer: event(str(command['id']), 'callback'), [])),
    'force_send': force_send,
    'set_attr': lambda command: channels[command['on'] - 1].channel_set_attr(command['name'], command['value']),
    'del_attr': lambda command: channels[command['on'] - 1].channel_del_attr(command['name']),
    'clear_attr': lambda command: channels[command['on'] - 1].channel_clear_attr(),
    'invite': invite,
    'accept': lambda command: calls[command['on'] - 1].accept(),
    'refuse': lambda command: calls[command['on'] - 1].refuse(),
    'dtmf': dtmf,
    'end': lambda command: calls[command['on'] - 1].end(command.get('extra', '')),
}


def run(line):
    command = json.loads(line)
    try:
        put({'result': command['id'], 'value': OPERATIONS[command['op']](command)})
    except Exception as error:  # whatever it is, the test is to see it
        put({'result': command['id'], 'error': repr(error)})


def read_commands():
    for line in sys.stdin:
        reactor.callFromThread(run, line)
    reactor.callFromThread(reactor.stop)


threading.Thread(target=read_commands, daemon=True).start()
task.LoopingCall(report_state, [None]).start(0.02)
reactor.run(installSignalHandlers=False)
