"""PESQ of parts of a sound: judge.py said.wav heard.wav from:to ... prints one score a part."""

import sys

import numpy
from pesq import pesq
from scipy.io import wavfile
from scipy.signal import correlate, resample_poly


def main() -> None:
    said, heard = (wavfile.read(path)[1].astype(float) / 32768 for path in sys.argv[1:3])
    for part in sys.argv[3:]:
        start, end = map(int, part.split(":"))
        reference = said[start:end]
        # A quarter of a second before, and half of one after: sound is late, and PESQ finds the rest.
        around = heard[max(start - 12000, 0) : end + 24000]
        envelope = [numpy.abs(x)[: len(x) // 48 * 48].reshape(-1, 48).mean(1) for x in (reference, around)]
        shift = int(numpy.argmax(correlate(envelope[1], envelope[0], "valid"))) * 48
        if not numpy.any(around):
            sys.exit(f"nothing was heard in {part}")
        degraded = around[shift : shift + len(reference)]
        print(pesq(16000, resample_poly(reference, 1, 3), resample_poly(degraded, 1, 3), "wb"))


main()
