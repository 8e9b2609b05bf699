// The sound of one call in a page: the browser's own WebRTC, and the words in which a Callsign speaks of it.
//
// The description of who calls rides in the `extra` of the invitation, `{"_voice":{"v":1,"sdp":"..."}}`, that of who is called
// in the `extra` of the acceptance; later changes are messages of the call, `{"msgtype":"voice","msgdata":{"v":1,...}}`.
// All addresses are in the description, since nothing follows it.

const VERSION = 1;
// How long it is looked for ways before the description is made, in milliseconds: without servers all are known at once.
const GATHER = 1000;
// What is said and heard. Fewer codecs make a shorter description: the whole `extra` may have 8 KB.
const CODECS = ['audio/opus', 'audio/red', 'audio/telephone-event'];
// How long a key is pressed, and the pause after it, in milliseconds.
const KEY = [100, 70];

// The description in an `extra`, or nothing if there is none that is known here.
export function voiceIn(extra) {
  const voice = parsed(extra)?._voice;
  return voice?.v === VERSION && typeof voice.sdp === 'string' ? voice.sdp : undefined;
}

// The `extra` that carries a description.
export function withVoice(sdp) {
  return sdp ? JSON.stringify({ _voice: { v: VERSION, sdp } }) : '{}';
}

// What a message of a call says about the sound: `{offer}`, `{answer}`, `{held}` or `{recorded}`; nothing if it is about something else.
export function voiceMessage(extra) {
  const message = parsed(extra);
  return message?.msgtype === 'voice' && message.msgdata?.v === VERSION ? message.msgdata : undefined;
}

// The message that says it.
export function toMessage(data) {
  return JSON.stringify({ msgtype: 'voice', msgdata: { v: VERSION, ...data } });
}

// The keys that a message of a call says were pressed, or nothing.
export function keysIn(extra) {
  const message = parsed(extra);
  return message?.msgtype === 'dtmf' ? String(message.msgdata) : undefined;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// One call's sound. `changed` is called when the way to the other side is there, is lost, or will not come back.
export class Voice {
  constructor({ changed, speaker }) {
    this.peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.speaker = speaker;
    this.microphone = undefined;
    this.peer.onconnectionstatechange = () => changed(this.peer.connectionState);
    this.peer.ontrack = ({ track }) => {
      // An element has to play it, or nothing is decoded at all.
      this.speaker.srcObject = new MediaStream([track]);
    };
  }

  // Opens the microphone. Without one a call can still be heard.
  async listen() {
    try {
      this.microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      return error.name;
    }
    if (this.peer.signalingState === 'closed') this.close();
    return undefined;
  }

  async offer() {
    const track = this.microphone?.getAudioTracks()[0];
    const transceiver = this.peer.addTransceiver(track ?? 'audio', { direction: track ? 'sendrecv' : 'recvonly' });
    this.prefer(transceiver);
    await this.peer.setLocalDescription();
    return this.described();
  }

  async answer(offer) {
    await this.peer.setRemoteDescription({ type: 'offer', sdp: offer });
    const [transceiver] = this.peer.getTransceivers();
    const track = this.microphone?.getAudioTracks()[0];
    if (track && transceiver) {
      transceiver.direction = 'sendrecv';
      await transceiver.sender.replaceTrack(track);
    }
    await this.peer.setLocalDescription();
    return this.described();
  }

  accept(answer) {
    return this.peer.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  // Another way is wanted: an offer for the same call. What may have been offered before is void.
  async restart() {
    this.peer.restartIce();
    await this.peer.setLocalDescription();
    return this.described();
  }

  // They want another way: the answer to their offer. The browser takes back an offer of ours that has no answer yet.
  async renew(offer) {
    await this.peer.setRemoteDescription({ type: 'offer', sdp: offer });
    await this.peer.setLocalDescription();
    return this.described();
  }

  mute(muted) {
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  // Presses a key beside the sound. Says whether that goes.
  key(key) {
    const dtmf = this.peer.getSenders()[0]?.dtmf;
    if (!dtmf?.canInsertDTMF) return false;
    dtmf.insertDTMF(dtmf.toneBuffer + key, ...KEY);
    return true;
  }

  // How loud both are, 0 to 1; how long there and back, in milliseconds; the codec, and what is lost of what they say, 0 to 1.
  async line() {
    const line = { here: 0, there: 0 };
    const stats = await this.peer.getStats();
    for (const stat of stats.values()) {
      if (stat.type === 'media-source') line.here = stat.audioLevel ?? 0;
      if (stat.type === 'inbound-rtp') {
        line.there = stat.audioLevel ?? 0;
        line.lost = stat.packetsLost / Math.max(1, stat.packetsLost + stat.packetsReceived);
        line.codec = stats.get(stat.codecId)?.mimeType?.replace('audio/', '');
        line.waits = (1000 * stat.jitterBufferDelay) / stat.jitterBufferEmittedCount;
      }
      if (stat.type === 'candidate-pair' && stat.nominated) line.roundTrip = 1000 * stat.currentRoundTripTime;
    }
    return line;
  }

  close() {
    this.peer.close();
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.speaker.srcObject = null;
  }

  prefer(transceiver) {
    const known = RTCRtpReceiver.getCapabilities('audio').codecs;
    const wanted = CODECS.flatMap((type) => known.filter((codec) => codec.mimeType === type && codec.clockRate === 48000));
    transceiver.setCodecPreferences(wanted);
  }

  // Our description, once all addresses are in it.
  async described() {
    await new Promise((done) => {
      const look = () => this.peer.iceGatheringState === 'complete' && done();
      this.peer.addEventListener('icegatheringstatechange', look);
      setTimeout(done, GATHER);
      look();
    });
    return this.peer.localDescription?.sdp;
  }
}
