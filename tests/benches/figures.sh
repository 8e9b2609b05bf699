#!/usr/bin/env bash
# Prints the table of the README's "Figures": the server on one core, the load on another, in turns with the bare server
# of tests/benches/bare, so that a ratio comes from one run. Takes some minutes after the build; wants a quiet computer.
# ROUNDS (5), SECONDS_EACH (3), SERVER_CORE (0) and LOAD_CORE (1) may be set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-3}
server_core=${SERVER_CORE:-0}
load_core=${LOAD_CORE:-1}
target=${CARGO_TARGET_DIR:-target}
# Ours takes the next port, too.
address=127.0.0.1:${PORT:-7950}
sessions=5000

work=$target/figures
results=$work/results
server_pid=

main() {
    command -v taskset >/dev/null || { echo "taskset (util-linux) is needed" >&2; exit 1; }
    ulimit -n "$(ulimit -Hn)"
    build
    rm -rf "$work"
    mkdir -p "$work"
    echo "load average before: $(cut -d' ' -f1-3 /proc/loadavg)" >&2

    # The bare server's texts are as large as our frames.
    start none
    frame_bytes=$(load fanout --members 10 --seconds 0.2 --warm-up 0 | figure frame_bytes)
    stop
    local round
    for round in $(seq "$rounds"); do
        echo "round $round of $rounds" >&2
        one_round
    done
    start disk; note idle disk idle --sessions "$sessions"; stop
    start disk; note storm disk storm --sessions "$sessions"; stop

    echo "load average after: $(cut -d' ' -f1-3 /proc/loadavg)" >&2
    table
}

one_round() {
    local in_flight durability
    for in_flight in 1 8; do
        start bare; note "bare-$in_flight" "" fanout --bare "$frame_bytes" --in-flight "$in_flight" --seconds "$seconds"; stop
        start none; note "fanout-$in_flight" "" fanout --in-flight "$in_flight" --seconds "$seconds"; stop
    done
    for durability in none process disk; do
        start $durability; note p2p-1 $durability p2p --in-flight 1 --seconds "$seconds"; stop
        start $durability; note p2p-8 $durability p2p --in-flight 8 --seconds "$seconds"; stop
        start $durability; note latency $durability latency --seconds "$seconds"; stop
    done
}

build() {
    local built
    built=$(cargo build --release --no-default-features --features server --bin callsign-server --bench load --bench bare \
        --message-format=json-render-diagnostics | grep -o '"executable":"[^"]*"' | cut -d'"' -f4)
    server_program=$(grep '/callsign-server$' <<<"$built")
    load_program=$(grep '/load-' <<<"$built")
    bare_program=$(grep '/bare-' <<<"$built")
}

# Starts the bare server, or ours with a durability, and waits until it serves.
start() {
    local command
    if [ "$1" = bare ]; then
        command=("$bare_program" --listen "$address")
    else
        rm -rf "$work/data"
        command=("$server_program" serve --listen "$address" --data "$work/data" --durability "$1"
            --limit channel_messages_per_user=0 --limit channel_messages=0 --limit logins_per_address=0)
    fi
    rm -f "$work/ready"
    mkfifo "$work/ready"
    taskset -c "$server_core" "${command[@]}" >"$work/ready" 2>"$work/log" &
    server_pid=$!
    local line
    read -r line <"$work/ready" || { cat "$work/log" >&2; exit 1; }
}

stop() {
    kill "$server_pid"
    wait "$server_pid" || true
    server_pid=
}
trap '[ -z "$server_pid" ] || kill "$server_pid"' EXIT

load() {
    taskset -c "$load_core" "$load_program" "$1" --url "ws://$address" --pid "$server_pid" "${@:2}"
}

# Runs a load and notes its figures under a name.
note() {
    local name=$1${2:+-$2} line
    line=$(load "${@:3}")
    echo "  $name: $line" >&2
    echo "$name $line" >>"$results"
}

# One figure of the lines that come in.
figure() {
    grep -o " $1=[0-9.]*" | cut -d= -f2
}

# The median of a figure of all lines of a name.
median() {
    grep "^$1 " "$results" | figure "$2" | middle
}

middle() {
    sort -n | awk '{ a[NR] = $1 } END { print NR % 2 ? a[(NR + 1) / 2] : (a[NR / 2] + a[NR / 2 + 1]) / 2 }'
}

# The median, over the rounds, of one name's figure over another's.
ratio() {
    paste <(grep "^$1 " "$results" | figure "$3") <(grep "^$2 " "$results" | figure "$3") |
        awk '{ print $1 / $2 }' | middle | awk '{ printf "%.2f", $1 }'
}

# A number of digits in groups.
grouped() {
    awk '{ printf "%.0f\n", $1 }' | sed -E ':more; s/([0-9])([0-9]{3})(,|$)/\1,\2\3/; t more'
}

table() {
    local per=deliveries_per_second messages=messages_per_second in_flight
    echo "| what | here | wanted |"
    echo "|---|---|---|"
    for in_flight in 1 8; do
        row "fan-out to 1,000 members, $in_flight in flight: deliveries a second" \
            "$(rate "fanout-$in_flight" $per), bare server $(rate "bare-$in_flight" $per)" ""
        row "... as a part of the bare server" "$(ratio "fanout-$in_flight" "bare-$in_flight" $per)" \
            "$([ $in_flight = 1 ] && echo 0.95 || echo 0.80)"
        row "... and by processor time a delivery" "$(ratio "bare-$in_flight" "fanout-$in_flight" server_us_per_delivery)" ""
    done
    row "messages between 100 pairs, 8 in flight each, polled and acknowledged, store off: a second" "$(rate p2p-8-none $messages)" ""
    row "... as a part of the bare server's deliveries at 1 in flight" "$(mixed_ratio)" 0.40
    row "... \`durability\` \`process\`: a second" "$(rate p2p-8-process $messages)" ""
    row "... \`durability\` \`disk\`: a second" "$(rate p2p-8-disk $messages)" "25,000"
    row "the same, 1 in flight each: store off, \`process\`, \`disk\`" \
        "$(rate p2p-1-none $messages), $(rate p2p-1-process $messages), $(rate p2p-1-disk $messages)" ""
    row "until a message is polled at 1,000 a second, store off: median, 99 of 100" "$(times none)" "1 ms"
    row "... \`durability\` \`process\`" "$(times process)" ""
    row "... \`durability\` \`disk\`" "$(times disk)" ""
    row "memory of a session that does nothing, at 5,000, without TLS" \
        "$(median idle-disk bytes_per_session | awk '{ printf "%.1f KiB", $1 / 1024 }')" "12 KiB"
    row "5,000 logins at once: a second" "$(rate storm-disk logins_per_second)" ""
}

row() {
    echo "| $1 | $2 | $3 |"
}

rate() {
    median "$1" "$2" | grouped
}

mixed_ratio() {
    paste <(grep '^p2p-8-none ' "$results" | figure messages_per_second) \
        <(grep '^bare-1 ' "$results" | figure deliveries_per_second) |
        awk '{ print $1 / $2 }' | middle | awk '{ printf "%.2f", $1 }'
}

times() {
    echo "$(median "latency-$1" p50_ms) ms, $(median "latency-$1" p99_ms) ms"
}

main
