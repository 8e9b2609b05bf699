// Does in the page what a test asks for, with the fields and buttons that a person has, and tells what happens. `serve.js`
// puts it into the page for tests alone.
//
// Commands come as server-sent events, `{"id":1,"op":"click","button":"answer"}`. Results and events go back by requests.

const post = (path, body) => fetch(path, { method: 'POST', body });
// The order of what is told is the order of what happened.
let telling = Promise.resolve();
function tell(line) {
  telling = telling.then(() => post('/tell', JSON.stringify(line)));
}
// Milliseconds since 1970, finer than the clock of dates.
const now = () => performance.timeOrigin + performance.now();

const context = new AudioContext({ sampleRate: 48000 });
const ready = context.audioWorklet.addModule('recorder.js').then(() => context.resume());

// What is heard of the latest call. `early` is the smallest difference seen between the clocks of the page and of the sound.
let heard = { blocks: [], first: 0, early: Infinity };
// Who waits until so many samples were heard: `[samples, done]`.
let patient = [];

async function record(track) {
  await ready;
  const mine = { blocks: [], first: undefined, early: Infinity };
  heard = mine;
  const recorder = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0 });
  recorder.port.onmessage = ({ data: { frame, samples } }) => {
    mine.first ??= frame;
    mine.early = Math.min(mine.early, now() - (1000 * (frame + samples.length)) / context.sampleRate);
    mine.blocks.push(samples);
    const there = length(mine);
    for (const [wanted, done] of patient) if (there >= wanted) done();
    patient = patient.filter(([wanted]) => there < wanted);
  };
  context.createMediaStreamSource(new MediaStream([track])).connect(recorder);
}

const Native = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Native {
  constructor(...config) {
    super(...config);
    this.addEventListener('track', ({ track }) => record(track));
    this.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate?.candidate) tell({ event: 'candidate', of: 'page', args: [candidate.candidate.split(' ')[4]] });
    });
  }
};

// Blocks are of one size.
function length({ blocks }) {
  return blocks.length * (blocks[0]?.length ?? 0);
}

// A WAV file of what is heard: one channel, 16 bits.
function wav(recorded) {
  const samples = length(recorded);
  const view = new DataView(new ArrayBuffer(44 + 2 * samples));
  const text = (at, word) => [...word].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + 2 * samples, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, context.sampleRate, true);
  view.setUint32(28, 2 * context.sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, 2 * samples, true);
  let at = 44;
  for (const block of recorded.blocks) {
    for (const sample of block) {
      view.setInt16(at, Math.max(-1, Math.min(1, sample)) * 32767, true);
      at += 2;
    }
  }
  return view.buffer;
}

function shown(id) {
  const found = document.getElementById(id) ?? document.querySelector(`[data-key="${id}"]`);
  if (!found?.checkVisibility()) throw new Error(`${id} is not to be seen`);
  return found;
}

const operations = {
  fill({ field, text }) {
    shown(field).value = text;
  },
  click({ button }) {
    const at = now();
    shown(button).click();
    return at;
  },
  submit({ form }) {
    shown(form).requestSubmit();
  },
  // Returns once the call was heard for that long.
  hear: ({ seconds }) => new Promise((done) => patient.push([seconds * context.sampleRate, () => done()])),
  notice: () => document.getElementById('notice').textContent,
  // Writes what was heard into the file of that name. Returns when the first sample was heard, in milliseconds since 1970.
  async heard({ id }) {
    const { first, early } = heard;
    await post(`/heard?id=${id}`, wav(heard));
    return first === undefined ? null : early + (1000 * first) / context.sampleRate;
  },
};

document.addEventListener('callsign', ({ detail: { what, ...more } }) => {
  tell({ event: what, of: 'page', args: [now(), ...Object.values(more)] });
});
window.onerror = (message) => tell({ event: 'uncaught', of: 'page', args: [String(message)] });
window.onunhandledrejection = ({ reason }) => tell({ event: 'uncaught', of: 'page', args: [String(reason?.stack ?? reason)] });

new EventSource('/commands').onmessage = async ({ data }) => {
  const command = JSON.parse(data);
  try {
    await ready;
    const value = await operations[command.op](command);
    tell({ result: command.id, value: value ?? null });
  } catch (error) {
    tell({ result: command.id, error: String(error) });
  }
};
