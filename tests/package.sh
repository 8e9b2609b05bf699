#!/usr/bin/env bash
# Makes the Debian packages of Callsign and of its server, and tries them in a bare Debian: installs them, starts Callsign by its menu
# entry on a display, starts the server as its unit does, and takes both away again. Not part of the gate: a release build takes
# long. `tests/package.sh --no-build` takes the programs of target/release as they are.
# As root, with Debian's appstream, binutils, debootstrap, desktop-file-utils, iproute2, lintian, man-db, xdotool and xvfb, and cargo-deb.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

here=target/package
root=$PWD/$here/root
linux=resources/package/linux

main() {
    case ${1:-} in
        '') cargo build --release --bin callsign --bin callsign-server ;;
        --no-build) ;;
        --installed) installed; return ;;
        *) echo "usage: tests/package.sh [--no-build]" >&2; exit 2 ;;
    esac
    make
    judge
    bare_root
    install_both
    # With a network and processes of its own, so that nothing outside is met, and nothing stays.
    unshare --mount --net --pid --fork --kill-child --mount-proc tests/package.sh --installed
    remove_both
    echo "ok: made, installed, started, removed"
}

make() {
    say "the packages"
    rm -rf "$here/man" "$here/completions" "$here"/*.deb
    cargo run --quiet --example manual -- "$here"
    cargo deb --quiet --no-build --output "$here/callsign.deb"
    cargo deb --quiet --no-build --variant server --output "$here/callsign-server.deb"
    ls -l "$here"/*.deb
}

judge() {
    say "what Debian's own judges say"
    desktop-file-validate "$linux/callsign.desktop"
    appstreamcli validate --no-net "$linux/callsign.metainfo.xml"
    # Our address is of no real host, and the configuration is for root alone.
    lintian --fail-on error --suppress-tags bogus-mail-host,non-standard-file-perm "$here"/*.deb
    local page
    for page in "$here"/man/*.1; do
        man --warnings --local-file "$page" >/dev/null
    done
    if systemd-analyze security --help >/dev/null 2>&1; then
        systemd-analyze security --offline=true --threshold=20 "$linux/server/callsign-server.service" | tail -1
    fi
}

bare_root() {
    say "a bare Debian"
    local site suite
    site=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1)
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    rm -rf "$root"
    debootstrap --variant=minbase "$suite" "$root" "$site" >"$here/debootstrap.log"
    # Nothing starts by itself while it is installed.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    # What opens menu entries, and somebody to open them.
    inside apt-get install --yes --no-install-recommends libglib2.0-bin >"$here/install.log"
    inside useradd --create-home ann
}

install_both() {
    say "installed"
    cp "$here"/*.deb "$root/tmp/"
    inside apt-get install --yes --no-install-recommends /tmp/callsign.deb /tmp/callsign-server.deb >>"$here/install.log"
    inside dpkg --listfiles callsign callsign-server >"$here/files"
    inside id callsign
    [ "$(stat -c '%a %U' "$root/etc/callsign/server.toml")" = "600 root" ]
    inside callsign --version
    inside callsign-server --version
}

# Within the network of its own.
installed() {
    ip link set lo up
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm" 2>/dev/null || true

    say "the server, as its unit starts it"
    install -d -m 700 -o "$(inside id -u callsign)" -g "$(inside id -g callsign)" "$root/var/lib/callsign"
    install -m 400 -o "$(inside id -u callsign)" "$root/etc/callsign/server.toml" "$root/run/config"
    as callsign callsign-server serve --config /run/config --data /var/lib/callsign >"$here/server.log" 2>&1 &
    wait_for "the server is ready" grep --quiet '^ready ws://127.0.0.1:7800' "$here/server.log"

    say "the app, by its menu entry"
    Xvfb :7 -ac -screen 0 1400x900x24 -nolisten tcp >"$here/display.log" 2>&1 &
    export DISPLAY=:7
    wait_for "the display" xdotool getmouselocation
    as ann env HOME=/home/ann DISPLAY=:7 gio launch /usr/share/applications/callsign.desktop >"$here/app.log" 2>&1
    wait_for "the window" xdotool search --onlyvisible --class callsign
    wait_for "the history" test -d "$root/home/ann/.local/share/callsign/profiles/default"
    if command -v import >/dev/null; then
        import -window root "$here/app.png"
    fi
}

remove_both() {
    say "removed"
    inside apt-get purge --yes callsign callsign-server >>"$here/install.log"
    local path left=0
    while read -r path; do
        if [ -f "$root$path" ] || [ -L "$root$path" ]; then
            echo "left behind: $path" >&2
            left=1
        fi
    done <"$here/files"
    [ "$left" = 0 ]
    [ ! -e "$root/etc/callsign" ]
    # What people and the server kept is theirs.
    [ -d "$root/home/ann/.local/share/callsign" ]
    [ -f "$root/var/lib/callsign/callsign.db" ]
}

inside() {
    DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$root" "$@"
}

# As somebody else in the bare Debian.
as() {
    local who=$1
    shift
    LC_ALL=C.UTF-8 chroot --userspec="$who:$who" "$root" "$@"
}

# Tries a command until it succeeds, a minute at most.
wait_for() {
    local what=$1 tries=0
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -ge 300 ]; then
            echo "error: waited for $what in vain; see $here" >&2
            exit 1
        fi
        sleep 0.2
    done
    echo "$what: there"
}

say() {
    echo "== $*"
}

main "$@"
