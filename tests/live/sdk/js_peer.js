// Drives the API maker's own web SDK, unmodified, as a test asks it to.
//
//   node js_peer.js <node_modules> <certificate.pem> <TLS port>
//
// Commands come as JSON lines on stdin, `{"id":1,"op":"login","account":"alice"}`. On stdout go, as JSON lines,
// `{"result":1,"value":...}` when a command has been run, `{"event":"onLoginSuccess","of":"session","args":[7]}` for every
// callback of the SDK, and `{"event":"callback","of":"1","args":[...]}` for the callback that command 1 passed in.
// The SDK's own log goes to stderr.
//
// What a browser would give the SDK is given here: a window, sockets, requests. Names of the maker's hosts lead to
// the server under test on loopback, with its certificate checked; the statistics go nowhere; nothing else is let out.
'use strict';

const fs = require('fs');
const https = require('https');
const path = require('path');
const readline = require('readline');

const [modules, certificate, tlsPort] = process.argv.slice(2);
const ca = fs.readFileSync(certificate);
const NodeSocket = require(path.join(modules, 'ws'));

const LBS_HOST = /^lbs(-[1-4])?-sig\.agora\.io$/;
const SOCKET_HOST = /^127-0-0-1-sig-web\.agora\.io$/;
const LOOPBACK = /^(127\.0\.0\.1|localhost)$/;
const STATISTICS = /^https:\/+wsrp-sig\.agora\.io\//;
const ORIGIN = 'https://app.example';

function print(line) {
  process.stdout.write(JSON.stringify(line) + '\n');
}

function event(of, name, args) {
  print({ event: name, of, args: args.map((arg) => (arg === undefined ? null : arg)) });
}

for (const level of ['log', 'info', 'warn', 'error', 'debug']) {
  console[level] = (...words) => {
    const text = words.map((word) => (word instanceof Error ? word.stack : typeof word === 'string' ? word : JSON.stringify(word)));
    process.stderr.write(`${level}: ${text.join(' ')}\n`);
  };
}

process.on('uncaughtException', (error) => {
  event('peer', 'uncaught', [String(error && error.stack)]);
  process.exit(1);
});

// Name service: everything that was let through is on this machine.
function toLoopback(_host, options, done) {
  if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
}

function leak(url) {
  event('peer', 'leak', [url]);
  throw new Error(`${url} is not on this machine`);
}

let sockets = 0;

class BrowserSocket extends NodeSocket {
  constructor(url) {
    const to = new URL(url);
    if (!SOCKET_HOST.test(to.hostname) && !LOOPBACK.test(to.hostname)) leak(url);
    const name = `socket ${++sockets}`;
    event(name, 'socketMade', [url]);
    super(url, [], { ca, lookup: toLoopback, origin: ORIGIN });
    this.addEventListener('open', () => event(name, 'socketOpened', []));
    this.addEventListener('close', (close) => event(name, 'socketClosed', [close.code]));
    this.addEventListener('error', (error) => console.error(name, error.message));
    this.addEventListener('message', (message) => {
      if (typeof message.data !== 'string') event(name, 'binary', [message.data.byteLength]);
      else if (message.data.startsWith('["pong"')) event(name, 'pong', JSON.parse(message.data).slice(1));
    });
  }
}

class BrowserRequest {
  constructor() {
    this.readyState = 0;
    this.status = 0;
    this.responseText = '';
  }

  open(method, url) {
    this.method = method;
    this.url = url;
  }

  setRequestHeader() {}

  send(body) {
    if (this.method === 'POST' && STATISTICS.test(this.url)) {
      event('peer', 'statistics', [this.url, JSON.parse(body).account]);
      return;
    }
    const to = new URL(this.url);
    const maker = LBS_HOST.test(to.hostname);
    if (!maker && !LOOPBACK.test(to.hostname)) leak(this.url);
    event('peer', 'request', [this.method, this.url]);
    const options = {
      ca,
      lookup: toLoopback,
      agent: false,
      method: this.method,
      // The server's own certificate names this machine, not the maker's address service.
      host: maker ? 'localhost' : to.hostname,
      servername: 'localhost',
      port: maker ? tlsPort : to.port,
      path: to.pathname + to.search,
      headers: { host: to.host, origin: ORIGIN },
    };
    this.request = https.request(options, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        const allowed = response.headers['access-control-allow-origin'];
        if (allowed !== '*' && allowed !== ORIGIN) {
          this.fail(new Error('the answer may not be read by another origin'));
          return;
        }
        this.status = response.statusCode;
        this.responseText = Buffer.concat(parts).toString('utf8');
        this.finish();
      });
    });
    this.request.on('error', (error) => this.fail(error));
    this.request.end(body || undefined);
  }

  abort() {
    if (this.request) this.request.destroy();
  }

  fail(error) {
    console.error('request', error.message);
    this.finish();
    if (this.onerror) this.onerror(error);
  }

  finish() {
    this.readyState = 4;
    if (this.onreadystatechange) this.onreadystatechange();
  }
}

function give(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

give('window', globalThis);
give('navigator', { userAgent: 'Callsign tests' });
give('WebSocket', BrowserSocket);
give('XMLHttpRequest', BrowserRequest);

const Signal = require(path.join(modules, 'agora-signaling-sdk', 'AgoraSigSDK.min.js'));

const SESSION_EVENTS = ['onLoginSuccess', 'onLoginFailed', 'onLogout', 'onError', 'onMessageInstantReceive'];
const CHANNEL_EVENTS = [
  'onChannelJoined', 'onChannelJoinFailed', 'onChannelLeaved', 'onChannelUserList', 'onChannelUserJoined',
  'onChannelUserLeaved', 'onChannelAttrUpdated', 'onMessageChannelReceive',
];
const CALL_EVENTS = [
  'onInviteReceivedByPeer', 'onInviteAcceptedByPeer', 'onInviteRefusedByPeer', 'onInviteFailed', 'onInviteEndByPeer',
  'onInviteEndByMyself', 'onInviteMsg',
];

let signal;
let session;
const channels = [];
const calls = [];

function listen(object, of, names) {
  for (const name of names) object[name] = (...args) => event(of, name, args);
}

// Numbers count from 1: "channel 1" is the first that this peer joined, "call 1" the first call that it made or got.
function keep(list, object, kind, names) {
  list.push(object);
  listen(object, `${kind} ${list.length}`, names);
  return list.length;
}

function callback(command) {
  return (...args) => event(String(command.id), 'callback', args);
}

const operations = {
  login(command) {
    signal = Signal(command.app || 'callsign-tests');
    signal.setDoLog(true, 'DEBUG');
    if (command.lbs) signal.lbs_url1 = signal.lbs_url2 = [command.lbs];
    if (command.ap_url) signal.setup_debugging('ap_url', command.ap_url);
    session = signal.login(command.account, command.token || '_no_need_token', command.reconnect_count, command.reconnect_time);
    listen(session, 'session', SESSION_EVENTS);
    session.onInviteReceived = (call) => {
      const number = keep(calls, call, 'call', CALL_EVENTS);
      event('session', 'onInviteReceived', [number, call.channelName, call.peer, call.extra]);
    };
  },
  logout: () => session.logout(),
  status: () => session.getStatus(),
  version: () => signal.getSDKVersion(),
  message: (command) => session.messageInstantSend(command.peer, command.text, callback(command)),
  invoke: (command) => session.invoke('io.agora.signal.' + command.function, command.args, callback(command)),
  join: (command) => keep(channels, session.channelJoin(command.channel), 'channel', CHANNEL_EVENTS),
  leave: (command) => channels[command.on - 1].channelLeave(),
  broadcast: (command) => channels[command.on - 1].messageChannelSend(command.text, callback(command)),
  set_attr: (command) => channels[command.on - 1].channelSetAttr(command.name, command.value, callback(command)),
  del_attr: (command) => channels[command.on - 1].channelDelAttr(command.name, callback(command)),
  clear_attr: (command) => channels[command.on - 1].channelClearAttr(callback(command)),
  invite: (command) => keep(calls, session.channelInviteUser2(command.channel, command.peer, command.extra), 'call', CALL_EVENTS),
  accept: (command) => calls[command.on - 1].channelInviteAccept(command.extra),
  refuse: (command) => calls[command.on - 1].channelInviteRefuse(command.extra),
  dtmf: (command) => calls[command.on - 1].channelInviteDTMF(command.digits),
  end: (command) => calls[command.on - 1].channelInviteEnd(command.extra),
};

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => {
    const command = JSON.parse(line);
    try {
      const value = operations[command.op](command);
      print({ result: command.id, value: value === undefined ? null : value });
    } catch (error) {
      print({ result: command.id, error: String(error && error.stack) });
    }
  })
  .on('close', () => process.exit(0));
