#!/usr/bin/env python3
"""Writes assets/sounds: the bundled ringtones and the tones of keys, from their recipes. Run from the top of the project."""

import math
import struct
import wave

RATE = 24_000
# The ring leaves room below full scale; a key is quieter.
RING, KEY = 0.3, 0.12
# The two frequencies of a key, in Hz (ITU-T Q.23).
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
NAMES = {"*": "star", "#": "pound"}


def write(name, samples):
    with wave.open(f"assets/sounds/{name}.wav", "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        whole = (int(max(-1.0, min(1.0, sample)) * 32767) for sample in samples)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in whole))


def note(hertz, seconds, partials, decay):
    """Partials are (times the note, part of the loudness); decay is how fast it fades, in 1/s."""
    length = int(seconds * RATE)
    whole = sum(part for _, part in partials)
    for index in range(length):
        at = index / RATE
        # 5 ms at both ends, or it would click.
        edge = min(1.0, at / 0.005, (length - 1 - index) / RATE / 0.005)
        tone = sum(part * math.sin(math.tau * hertz * times * at) for times, part in partials)
        yield edge * math.exp(-decay * at) * tone / whole


def tune(notes, seconds, partials, decay):
    """Notes are (when in seconds, Hz, how long); they may ring into each other."""
    out = [0.0] * int(seconds * RATE)
    for begin, hertz, length in notes:
        for index, sample in enumerate(note(hertz, length, partials, decay), int(begin * RATE)):
            if index < len(out):
                out[index] += sample
    loudest = max(abs(sample) for sample in out)
    return [RING * sample / loudest for sample in out]


def rings():
    # Two rising thirds: friendly, and not to be missed.
    rise = [(0.0, 659.3, 0.18), (0.18, 830.6, 0.18), (0.36, 987.8, 0.32)]
    again = [(begin + 0.9, hertz, length) for begin, hertz, length in rise]
    write("thirds", tune(rise + again, 1.6, [(1, 1.0), (2, 1.0)], 0.0))
    # Wood: a strong fourth partial that fades with the note.
    wood = [(0.15 * step, hertz, 0.9) for step, hertz in enumerate((523.3, 659.3, 784.0, 1046.5, 784.0, 1046.5))]
    write("marimba", tune(wood, 2.0, [(1, 1.0), (4, 0.35)], 6.0))
    # Two bells of a telephone on a table, struck by turns.
    strikes = [(0.05 * stroke, (1318.5, 1568.0)[stroke % 2], 0.25) for stroke in range(24)]
    write("bell", tune(strikes, 1.7, [(1, 1.0), (2.76, 0.5), (5.4, 0.25)], 14.0))


def keys():
    for place, key in enumerate(KEYS):
        row, column = ROWS[place // 4], COLUMNS[place % 4]
        low = note(row, 0.12, [(1, 1.0)], 0.0)
        high = note(column, 0.12, [(1, 1.0)], 0.0)
        write(f"key-{NAMES.get(key, key.lower())}", [KEY * (a + b) / 2 for a, b in zip(low, high)])


rings()
keys()
