//! The figures of a server as Prometheus text. No account, no app, no token in any label.

use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::ServerStats;
use super::turn::Figures;

/// The content type of [`render`]'s text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the listeners count.
#[derive(Debug, Default)]
pub(crate) struct EdgeCounters {
    /// Connections taken on the plain port.
    pub(crate) plain_connections: Counter,
    /// Connections taken on the TLS port.
    pub(crate) tls_connections: Counter,
    /// TLS handshakes that failed or took too long.
    pub(crate) tls_failures: Counter,
    /// HTTP requests answered, WebSockets not among them.
    pub(crate) http_requests: Counter,
}

/// The text.
///
/// `shown_out` is how many connections had to make room before they said anything. Where there is a relay, it has lines of
/// its own.
pub(crate) fn render(
    stats: &ServerStats,
    edge: &EdgeCounters,
    shown_out: u64,
    relayed: Option<&Figures>,
) -> String {
    let mut registry = Registry::with_prefix("callsign");
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "The program", version);

    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let hub = &stats.hub;
    for (name, help, value) in [
        ("links", "WebSocket connections now", count(hub.links)),
        ("sessions", "Signed-in sessions now", count(hub.sessions)),
        ("channels", "Channels now", count(hub.channels)),
        ("calls", "Calls that have not ended", count(hub.calls)),
        (
            "inbox_messages",
            "Messages waiting in inboxes",
            count(hub.inbox_messages),
        ),
        ("inbox_bytes", "Their bytes", count(hub.inbox_bytes)),
        (
            "held_outputs",
            "Outputs that wait for a commit now",
            stats.held,
        ),
    ] {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        registry.register(name, help, ConstGauge::new(value));
    }
    for (name, help, value) in [
        ("frames_in", "Frames that came in", stats.frames_in),
        (
            "frames_out",
            "Frames put out, each once however many got it",
            stats.frames_out,
        ),
        ("deliveries", "Frames handed to links", stats.deliveries),
        ("commits", "Commits of the store", stats.commits),
        (
            "slow_links_closed",
            "Links cut since they read too slowly",
            stats.slow_links_closed,
        ),
        (
            "logins_refused",
            "Logins that were refused",
            stats.logins_refused,
        ),
        (
            "calls_failed",
            "Calls answered with a failure, by rates and limits among others",
            stats.calls_failed,
        ),
        (
            "plain_connections",
            "Connections taken on the plain port",
            edge.plain_connections.get(),
        ),
        (
            "tls_connections",
            "Connections taken on the TLS port",
            edge.tls_connections.get(),
        ),
        (
            "tls_failures",
            "TLS handshakes that failed",
            edge.tls_failures.get(),
        ),
        (
            "silent_connections_closed",
            "Connections closed before they said anything, to make room",
            shown_out,
        ),
        (
            "http_requests",
            "HTTP requests answered",
            edge.http_requests.get(),
        ),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
    if let Some(relayed) = relayed {
        relay(&mut registry, relayed);
    }
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => text,
        // Writing to a `String` does not fail; should it ever, half a page would mislead.
        Err(std::fmt::Error) => String::new(),
    }
}

/// The lines of the relay.
fn relay(registry: &mut Registry, figures: &Figures) {
    let lent = i64::try_from(figures.lent).unwrap_or(i64::MAX);
    let help = "Addresses lent to callers now";
    registry.register("turn_allocations", help, ConstGauge::new(lent));
    for (name, help, value) in [
        (
            "turn_allocations_made",
            "Addresses lent to callers",
            figures.lent_ever,
        ),
        (
            "turn_refused",
            "Requests to the relay that were refused",
            figures.refused,
        ),
        (
            "turn_bytes_to_peers",
            "Bytes relayed for callers",
            figures.bytes_there,
        ),
        (
            "turn_bytes_to_clients",
            "Bytes relayed to callers",
            figures.bytes_here,
        ),
        (
            "turn_datagrams_dropped",
            "Datagrams that the relay did not take or pass on",
            figures.dropped,
        ),
        (
            "stun_answers",
            "Questions for one's own address that were answered",
            figures.seen,
        ),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_line() {
        let mut stats = ServerStats::default();
        stats.hub.sessions = 3;
        let edge = EdgeCounters::default();
        edge.tls_connections.inc();
        let text = render(&stats, &edge, 0, None);
        assert!(!text.contains("turn"), "{text}");
        let relayed = Figures {
            bytes_there: 7,
            ..Figures::default()
        };
        let relayed = render(&stats, &edge, 0, Some(&relayed));
        assert!(
            relayed.contains("\ncallsign_turn_bytes_to_peers_total 7\n"),
            "{relayed}"
        );
        assert!(text.contains("\ncallsign_sessions 3\n"), "{text}");
        assert!(
            text.contains("\ncallsign_tls_connections_total 1\n"),
            "{text}"
        );
        assert!(text.contains(env!("CARGO_PKG_VERSION")), "{text}");
        assert!(text.ends_with("# EOF\n"), "{text}");
    }
}
