// A small softphone in a page: signaling by the API maker's web SDK (`Signal`, of AgoraSigSDK.min.js), sound by the browser.
//
// One call at a time. A phase knows what it needs: `{ name, call, voice, ... }`; each section of the page shows one.
// What happens is told as events of the document (`callsign`, with a `detail`), for whoever wants to look on.
import { Voice, keysIn, toMessage, voiceIn, voiceMessage, withVoice } from './voice.js';

const KEYS = ['1', '2 ABC', '3 DEF', '4 GHI', '5 JKL', '6 MNO', '7 PQRS', '8 TUV', '9 WXYZ', '*', '0 +', '#'];
// An unanswered ring ends after this time, in milliseconds, as everywhere in Callsign.
const RING = 60_000;
// How often the levels move, in milliseconds.
const LOOK = 200;
// After this time without a way another is asked for, in milliseconds; the one who was called waits longer.
const MEND = 5_000;

const at = (id) => document.getElementById(id);
const BUSY = '{"reason":"busy","code":705}';
const GLARE = '{"reason":"glare"}';

let signal;
let session;
let account;
let phase = { name: 'out' };

function tell(what, more = {}) {
  document.dispatchEvent(new CustomEvent('callsign', { detail: { what, ...more } }));
}

function notice(text) {
  at('notice').textContent = text;
}

function enter(next) {
  clearTimeout(phase.timer);
  clearInterval(phase.looking);
  clearTimeout(phase.mending);
  phase = next;
  for (const section of document.querySelectorAll('section')) section.hidden = section.id !== next.name;
  if (next.call) {
    for (const place of document.querySelectorAll('[data-peer]')) place.textContent = next.call.peer;
    for (const place of document.querySelectorAll('[data-initials]')) place.textContent = next.call.peer.slice(0, 2);
  }
  tell(next.name);
}

// Signing in and out.

function signIn() {
  account = at('account').value;
  signal = window.Signal(at('app').value);
  signal.setup_debugging('ap_url', at('server').value);
  notice('Signing in...');
  session = signal.login(account, '_no_need_token');
  session.onLoginSuccess = () => {
    notice('');
    at('me').textContent = account;
    at('me-initials').textContent = account.slice(0, 2);
    // After a lost link the SDK signs in again; a call goes on meanwhile.
    if (phase.name === 'out') enter({ name: 'idle' });
  };
  session.onLoginFailed = (code) => leave(`Signing in failed (${code}). Is the server there, and does it want a token?`);
  session.onLogout = (code) => leave(code === 101 ? '' : code === 103 ? 'You signed in elsewhere.' : `Signed out (${code}).`);
  session.onInviteReceived = called;
}

function leave(why) {
  phase.voice?.close();
  enter({ name: 'out' });
  notice(why);
}

// Calling.

async function dial(peer) {
  const mine = { name: 'calling', call: { peer }, voice: newVoice() };
  at('ringing').textContent = 'Calling...';
  notice('');
  enter(mine);
  const missing = await mine.voice.listen();
  if (phase !== mine) return;
  const sdp = await mine.voice.offer();
  if (phase !== mine) return;
  if (missing) notice('There is no microphone: you can listen, but not be heard.');
  const channel = `call-${crypto.randomUUID().slice(0, 18)}`;
  const call = session.channelInviteUser2(channel, peer, withVoice(sdp));
  mine.call = call;
  mine.timer = setTimeout(() => hangUp('{"reason":"no_answer"}', 'Nobody answered.'), RING);
  listenTo(call);
  call.onInviteReceivedByPeer = () => {
    at('ringing').textContent = 'Ringing...';
    tell('ringing');
  };
  call.onInviteAcceptedByPeer = (extra) => accepted(mine, extra);
  call.onInviteRefusedByPeer = (extra) => {
    if (!/"glare"/.test(extra)) over(call, /"busy"/.test(extra) ? 'They are busy.' : 'They declined.');
  };
  call.onInviteFailed = (why) => over(call, failure(why));
}

function failure(why) {
  const code = /"code":(\d+)/.exec(why)?.[1];
  return { 703: 'They are not signed in.', 704: 'They cannot be reached.', 705: 'They do not want to be called.' }[code] ?? `The call failed: ${why}`;
}

async function accepted(mine, extra) {
  if (phase !== mine) return;
  const answer = voiceIn(extra);
  talk(mine, true);
  if (!answer) {
    mine.voice.close();
    notice('Their program carries no sound.');
    return;
  }
  await mine.voice.accept(answer).catch((error) => notice(`What they say of their sound is of no use: ${error.message}`));
}

// Being called.

function called(call) {
  const asking = phase.name === 'calling' && phase.call.peer === call.peer;
  // Of two who call each other at once, the invitation of the account that sorts first stands.
  if (asking && account < call.peer) call.channelInviteRefuse(GLARE);
  else if (asking) {
    const { voice, call: ours } = phase;
    voice.close();
    ring(call);
    ours.channelInviteEnd?.(GLARE);
    answer();
  } else if (phase.name === 'idle') ring(call);
  else call.channelInviteRefuse(BUSY);
}

function ring(call) {
  notice('');
  listenTo(call);
  enter({ name: 'ringing-here', call });
}

async function answer() {
  // Pressed twice.
  if (phase.voice) return;
  const mine = { name: 'ringing-here', call: phase.call, voice: newVoice() };
  const offer = voiceIn(mine.call.extra);
  enter(mine);
  let sdp;
  if (offer) {
    const missing = await mine.voice.listen();
    if (phase !== mine) return;
    if (missing) notice('There is no microphone: you can listen, but not be heard.');
    sdp = await mine.voice.answer(offer).catch((error) => notice(`Without sound: ${error.message}`));
  } else {
    notice('Their program carries no sound.');
  }
  if (phase !== mine) return;
  mine.call.channelInviteAccept(withVoice(sdp));
  talk(mine, false);
}

// Talking.

function newVoice() {
  const changed = (state) => {
    if (phase.voice === voice) moved(phase, state);
  };
  const voice = new Voice({ changed, speaker: at('speaker') });
  return voice;
}

function talk(mine, ours) {
  const { call, voice } = mine;
  const next = { name: 'talking', call, voice, ours, since: Date.now(), offered: false, connected: false };
  at('pressed').textContent = at('heard-keys').textContent = at('line').textContent = '';
  at('mute').setAttribute('aria-pressed', 'false');
  enter(next);
  next.looking = setInterval(() => look(next), LOOK);
  // It may be there already.
  moved(next, next.voice.peer.connectionState);
}

function moved(mine, state) {
  tell('way', { state });
  if (mine.name !== 'talking') return;
  clearTimeout(mine.mending);
  at('way').textContent = state === 'connected' ? 'Connected' : state === 'closed' ? 'Without sound' : 'Connecting...';
  mine.connected = state === 'connected';
  if (state === 'disconnected' || state === 'failed') {
    mine.mending = setTimeout(() => mend(mine), mine.ours ? 0 : MEND);
  }
}

async function mend(mine) {
  if (phase !== mine || mine.connected) return;
  mine.offered = true;
  const offer = await mine.voice.restart();
  say(mine.call, toMessage({ offer }));
  mine.mending = setTimeout(() => mend(mine), MEND);
}

async function look(mine) {
  const line = await mine.voice.line();
  if (phase !== mine) return;
  const seconds = Math.floor((Date.now() - mine.since) / 1000);
  const words = [`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`];
  if (line.roundTrip !== undefined) words.push(`${line.roundTrip.toFixed(0)} ms`, `${(100 * line.lost || 0).toFixed(0)} %`, line.codec);
  at('line').textContent = words.map((word) => `\u00b7 ${word}`).join(' ');
  at('level-here').value = Math.sqrt(line.here);
  at('level-there').value = Math.sqrt(line.there);
}

function listenTo(call) {
  call.onInviteMsg = (extra) => message(call, extra);
  call.onInviteEndByPeer = (extra) => over(call, ended(extra));
}

function ended(extra) {
  const reason = /"reason":"(\w+)"/.exec(extra)?.[1];
  return { cancelled: 'They cancelled.', no_answer: 'You missed their call.', disconnected: 'They lost their connection.' }[reason] ?? 'They hung up.';
}

async function message(call, extra) {
  if (phase.call !== call || phase.name !== 'talking') return;
  const mine = phase;
  const keys = keysIn(extra);
  if (keys) {
    at('heard-keys').textContent = `They pressed ${keys}`;
    tell('keys', { keys });
  }
  const voice = voiceMessage(extra);
  if (!voice) return;
  if (voice.held !== undefined) notice(voice.held ? 'They put you on hold.' : '');
  if (voice.recorded !== undefined) notice(voice.recorded ? 'They record this call.' : '');
  // Where both offer, who called lets go of its own.
  if (voice.offer && (mine.ours || !mine.offered)) {
    mine.offered = false;
    const answer = await mine.voice.renew(voice.offer);
    say(call, toMessage({ answer }));
  }
  if (voice.answer && mine.offered) {
    mine.offered = false;
    await mine.voice.accept(voice.answer);
  }
}

// A message of a call; the SDK has a method of its own for keys alone.
function say(call, extra) {
  const content = { channelName: call.channelName, peer: call.peer, extra };
  session.invoke('io.agora.signal.voip_invite_msg', content, () => {});
}

// By both ways, since they may hear only one of them; a Callsign takes what comes by the second for the first.
function press(key) {
  at('pressed').textContent += key;
  phase.voice.key(key);
  phase.call.channelInviteDTMF(key);
}

function hangUp(extra, why) {
  const { call } = phase;
  // Before the microphone is open nobody has been called.
  if (call.channelInviteEnd) call.channelInviteEnd(extra);
  over(call, why);
}

function over(call, why) {
  if (phase.call !== call) return;
  phase.voice?.close();
  enter({ name: 'idle' });
  notice(why);
  tell('over', { why });
}

// The page.

for (const label of KEYS) {
  const [key, letters] = label.split(' ');
  const button = document.createElement('button');
  button.append(key);
  button.dataset.key = key;
  button.setAttribute('aria-label', key);
  if (letters) button.append(Object.assign(document.createElement('small'), { textContent: letters }));
  button.onclick = () => press(key);
  at('keys').append(button);
}

at('sign-in').onsubmit = (event) => {
  event.preventDefault();
  signIn();
};
at('dial').onsubmit = (event) => {
  event.preventDefault();
  dial(at('peer').value);
};
at('sign-out').onclick = () => session.logout();
at('answer').onclick = () => answer();
at('decline').onclick = () => {
  phase.call.channelInviteRefuse('');
  over(phase.call, 'You declined.');
};
at('cancel').onclick = () => hangUp('{"reason":"cancelled"}', 'You cancelled.');
at('hang-up').onclick = () => hangUp('', 'You hung up.');
at('mute').onclick = () => {
  const muted = at('mute').getAttribute('aria-pressed') !== 'true';
  at('mute').setAttribute('aria-pressed', String(muted));
  phase.voice.mute(muted);
};
document.onkeydown = ({ key, target }) => {
  if (phase.name === 'talking' && /^[0-9*#]$/.test(key) && target.tagName !== 'INPUT') press(key);
};
const asked = new URLSearchParams(location.search);
for (const field of ['account', 'server', 'app', 'peer']) at(field).value = asked.get(field) ?? at(field).value;
window.onpagehide = () => phase.call?.channelInviteEnd?.('');
enter(phase);
