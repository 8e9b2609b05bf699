#!/usr/bin/env bash
# Draws the sizes of the icon anew from its SVG, with librsvg (Debian: librsvg2-bin). Run it after a change of the drawing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../assets/icon"

for size in 16 24 32 48 64 128 256 512; do
    rsvg-convert --width "$size" --height "$size" callsign.svg --output "callsign-$size.png"
done
