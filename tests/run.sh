#!/usr/bin/env bash
# The one gate: installs what the tests need and the machine lacks, then runs every check.
# Needs Rust and a C compiler; asks nothing. What it installs for the tests alone stays in
# target/live. CARGO_TARGET_DIR, if set, stands for target.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What a desk may have set for itself must not decide what the gate finds: golden files and snapshots are compared, never
# written, and the server is configured by the tests alone.
unset UPDATE_GOLDEN "${!CALLSIGN_@}"
export INSTA_UPDATE=no

target=${CARGO_TARGET_DIR:-target}
live=$target/live

# The API maker's own clients, unmodified, and what stands for a browser and a reactor beside them.
npm_packages=(agora-signaling-sdk@1.4.0 ws@8.23.0)
pip_packages=(agora-signaling-sdk==1.0.2 twisted==26.10.0 autobahn==26.10.2 requests==2.34.2)
# A client of STUN and TURN by somebody else.
pip_packages+=(aioice==0.13.0)
# What judges how speech sounds, apart from the others since it brings much along.
judge_packages=(numpy==2.4.6 scipy==1.17.1 pesq==0.0.4)
nextest=0.9.143

main() {
    step "machine: node, npm, python3 with venv, openssl, a desk for notifications, sounds and a keyring" install_programs
    step "machine: rustfmt, clippy" install_components
    step "machine: cargo-nextest" install_nextest
    step "live: npm packages" install_npm_packages
    step "live: Python packages" install_pip_packages
    step "live: Python packages that judge speech" install_judge

    step "Cargo.lock is up to date" lock_is_current
    step "fmt" cargo fmt --all --check
    step "clippy" cargo clippy --all-features --all-targets -- -D warnings
    step "clippy without features" cargo clippy --no-default-features --all-targets -- -D warnings
    step "no runtime without features" no_runtime_without_features
    local names feature
    names=$(features)
    for feature in $names; do
        step "clippy with $feature alone" cargo clippy --no-default-features --features "$feature" --all-targets -- -D warnings
    done
    step "doc" env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features
    step "doctests" cargo test --doc --all-features
    # As people have it: tests/live drives this one.
    step "build the app" cargo build --release --bin callsign
    APP_UNDER_TEST=$(realpath "$target/release/callsign")
    export APP_UNDER_TEST
    step "build the tests" cargo nextest run --all-features --no-run
    # What the builds wrote is on its way to the disk: the server's own syncs would wait behind it.
    step "let the disk settle" sync
    # Last, since it takes longest.
    step "tests" cargo nextest run --all-features --config-file resources/dev/nextest.toml
}

# Runs a step, and says how long it took.
step() {
    current=$1
    shift
    local from=$SECONDS
    echo "==> $current"
    "$@" </dev/null
    echo "==> $current: ok, $((SECONDS - from)) s"
}

current=start
finish() {
    local status=$?
    if [ "$status" = 0 ]; then
        echo "==> all steps ok, $SECONDS s"
    else
        echo "==> failed: $current (exit status $status), after $SECONDS s" >&2
    fi
}
trap finish EXIT

install_programs() {
    local missing=()
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    # Debian has the module venv but not ensurepip where the package python3-venv is not installed.
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3 python3-venv)
    command -v openssl >/dev/null || missing+=(openssl)
    # What the app is tested with: a display, a window manager, a mouse, a keyboard, a screen reader's ears, notifications, sounds,
    # a keyring.
    command -v Xvfb >/dev/null || missing+=(xvfb)
    command -v openbox >/dev/null || missing+=(openbox)
    command -v xdotool >/dev/null || missing+=(xdotool)
    [ -e /usr/libexec/at-spi-bus-launcher ] || [ -e /usr/lib/at-spi2-core/at-spi-bus-launcher ] || missing+=(at-spi2-core)
    # What a desktop has had for long, and the app's window needs.
    local libraries library
    libraries=$(ldconfig -p)
    for library in libX11-xcb.so.1=libx11-xcb1 libXcursor.so.1=libxcursor1 libXi.so.6=libxi6 libXrandr.so.2=libxrandr2 \
        libxkbcommon-x11.so.0=libxkbcommon-x11-0 libGL.so.1=libgl1 libEGL.so.1=libegl1; do
        grep -qF "${library%=*}" <<<"$libraries" || missing+=("${library#*=}")
    done
    compgen -G '/usr/lib/*/dri/swrast_dri.so' >/dev/null || missing+=(libgl1-mesa-dri)
    command -v dbus-run-session >/dev/null || missing+=(dbus)
    command -v dunst >/dev/null || missing+=(dunst)
    command -v pulseaudio >/dev/null || missing+=(pulseaudio)
    command -v pactl >/dev/null || missing+=(pulseaudio-utils)
    command -v gnome-keyring-daemon >/dev/null || missing+=(gnome-keyring)
    # Who speaks in calls that are judged.
    command -v espeak-ng >/dev/null || missing+=(espeak-ng)
    if [ ${#missing[@]} = 0 ]; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "please install: ${missing[*]}" >&2
        return 1
    fi
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" != 0 ]; then
        apt=(sudo -n "${apt[@]}")
    fi
    "${apt[@]}" update
    "${apt[@]}" install --no-install-recommends "${missing[@]}" >/dev/null
}

install_components() {
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        if ! command -v rustup >/dev/null; then
            echo "please install rustfmt and clippy" >&2
            return 1
        fi
        rustup component add rustfmt clippy
    fi
}

# Any version that is there will do; what is installed is always the same.
install_nextest() {
    if ! cargo nextest --version >/dev/null 2>&1; then
        cargo install --quiet --locked --no-default-features --features default-no-update "cargo-nextest@$nextest"
    fi
}

install_npm_packages() {
    if ! npm_packages_installed; then
        mkdir -p "$live"
        npm install --prefix "$live" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
            --loglevel=error "${npm_packages[@]}"
        npm_packages_installed
    fi
}

npm_packages_installed() {
    local package manifest
    for package in "${npm_packages[@]}"; do
        manifest=$live/node_modules/${package%@*}/package.json
        [ -f "$manifest" ] || return 1
        node -e 'const { readFileSync } = require("fs");
            const [file, version] = process.argv.slice(1);
            process.exit(JSON.parse(readFileSync(file)).version === version ? 0 : 1)' \
            "$manifest" "${package##*@}" || return 1
    done
}

install_pip_packages() {
    if ! pip_packages_installed 2>/dev/null; then
        python3 -m venv --clear "$live/venv"
        "$live/venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "${pip_packages[@]}"
        pip_packages_installed
    fi
}

pip_packages_installed() {
    "$live/venv/bin/python" -c '
import sys
from importlib.metadata import version
import agorasigsdk.agora_signal
import aioice
wrong = [want for want in sys.argv[1:] if version(want.split("==")[0]) != want.split("==")[1]]
sys.exit(f"not installed: {wrong}" if wrong else 0)' "${pip_packages[@]}"
}

install_judge() {
    if ! judge_installed 2>/dev/null; then
        python3 -m venv --clear "$live/voice-venv"
        "$live/voice-venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check "${judge_packages[@]}"
        judge_installed
    fi
}

judge_installed() {
    "$live/voice-venv/bin/python" -c '
import sys
from importlib.metadata import version
import pesq, scipy.signal
wrong = [want for want in sys.argv[1:] if version(want.split("==")[0]) != want.split("==")[1]]
sys.exit(f"not installed: {wrong}" if wrong else 0)' "${judge_packages[@]}"
}

lock_is_current() {
    cargo metadata --locked --format-version 1 >/dev/null
}

features() {
    cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
for package in json.load(sys.stdin)["packages"]:
    print(*(name for name in package["features"] if name != "default"), sep="\n")'
}

# The words, the mind of the server and the core of the client stand without tasks and sockets.
no_runtime_without_features() {
    local tree found
    tree=$(cargo tree --no-default-features -e normal --target all --prefix none)
    [ -n "$tree" ]
    found=$(grep -E '^(tokio|mio|async-std|smol)[ -]' <<<"$tree" || true)
    if [ -n "$found" ]; then
        echo "without features the package must not depend on: $found" >&2
        return 1
    fi
}

main
