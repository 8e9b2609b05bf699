// Hands on what is heard, on the sound's own thread: blocks of samples, and the number of the first.
class Recorder extends AudioWorkletProcessor {
  process([[samples]]) {
    if (samples) this.port.postMessage({ frame: currentFrame, samples: samples.slice() });
    return true;
  }
}

registerProcessor('recorder', Recorder);
