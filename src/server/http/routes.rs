//! What a request is answered with, decided from its head alone. No socket, no clock.

use std::net::SocketAddr;

use base64::Engine as _;
use subtle::ConstantTimeEq as _;

use super::discovery;
use super::head::Head;
use super::response::Response;
use crate::server::config::Advertise;

/// Which connection a request came on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    /// Our end.
    pub(crate) local: SocketAddr,
    /// The other end.
    pub(crate) peer: SocketAddr,
    /// Whether it is TLS.
    pub(crate) secure: bool,
}

/// What answers depend on beside the request.
#[derive(Debug)]
pub(crate) struct Site {
    /// The port of plain connections.
    pub(crate) plain_port: u16,
    /// The port of TLS connections.
    pub(crate) tls_port: u16,
    /// The host that clients are told.
    pub(crate) advertise: Option<Advertise>,
    /// Whether plain WebSockets are taken off loopback.
    pub(crate) allow_plain: bool,
    /// What opens `/metrics` off loopback, and on it where a reverse proxy may pass on what comes from elsewhere.
    pub(crate) admin_token: Option<AdminToken>,
}

/// What to do about a request.
#[derive(Debug)]
pub(crate) enum Route {
    /// Answer it so.
    Answer(Response),
    /// Answer it with the figures of the server.
    Metrics,
    /// Read its body and exchange an invitation code.
    Invite,
    /// Make it a WebSocket, with this `Sec-WebSocket-Key`.
    WebSocket {
        /// The key.
        key: String,
    },
}

/// The secret that opens administrative pages.
#[derive(Clone)]
pub(crate) struct AdminToken(String);

const PLAIN_REFUSED: &str = "plain WebSocket connections are taken on loopback only: use wss:// on the next port, \
     or set `allow_plain` in the server's configuration";
const HOME: &str = "This is callsign-server, a signaling server. Clients connect to it by WebSocket, on any path; \
     they find its address at /getaddr. Whether it is up is told at /healthz.";

impl AdminToken {
    /// Takes the text of its file.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    fn is(&self, given: &str) -> bool {
        // An empty file must not open anything.
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(given.as_bytes()))
    }
}

impl std::fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Visit {
    /// Whether it never left this machine, as far as a socket can tell.
    fn on_loopback(&self) -> bool {
        self.local.ip().to_canonical().is_loopback()
    }
}

impl Site {
    /// What to do about a request.
    pub(crate) fn route(&self, head: &Head, visit: &Visit, draining: bool) -> Route {
        if head.lists("Upgrade", "websocket") {
            return self.websocket(head, visit, draining);
        }
        let local = visit.local.ip();
        let told = self.advertise.as_ref();
        match head.path.as_str() {
            "/" => reading(head, || Response::text(200, HOME)),
            "/getaddr" => cross_origin(reading(head, || {
                Response::json(200, &discovery::addresses(told, local, self.plain_port))
            })),
            "/url/getaddr" => cross_origin(reading(head, || {
                Response::json(200, &discovery::urls(told, local, self.tls_port))
            })),
            "/healthz" if draining => reading(head, || Response::text(503, "draining")),
            "/healthz" => reading(head, || Response::text(200, "ok")),
            "/metrics" => self.metrics(head, visit),
            "/invite" => invite(head, visit),
            "*" if head.method == "OPTIONS" => Route::Answer(Response::no_content()),
            _ => Route::Answer(Response::text(404, "there is nothing here")),
        }
    }

    fn websocket(&self, head: &Head, visit: &Visit, draining: bool) -> Route {
        let refuse = |status, why: &str| Route::Answer(Response::text(status, why));
        if !visit.secure && !self.allow_plain && !visit.on_loopback() {
            return refuse(403, PLAIN_REFUSED);
        }
        if draining {
            let response = Response::text(503, "the server is about to stop: come back soon");
            return Route::Answer(response.with("Retry-After", "1"));
        }
        if head.method != "GET" || head.minor_version < 1 || !head.lists("Connection", "upgrade") {
            return refuse(
                400,
                "a WebSocket begins with a GET request of HTTP/1.1 that asks for the upgrade",
            );
        }
        if head.header("Sec-WebSocket-Version") != Some("13") {
            let response = Response::text(426, "only version 13 of WebSocket is spoken here");
            return Route::Answer(response.with("Sec-WebSocket-Version", "13"));
        }
        let key = head.header("Sec-WebSocket-Key").unwrap_or_default();
        let decoded = base64::engine::general_purpose::STANDARD.decode(key);
        if decoded.is_ok_and(|bytes| bytes.len() == 16) {
            Route::WebSocket {
                key: key.to_owned(),
            }
        } else {
            refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64")
        }
    }

    fn metrics(&self, head: &Head, visit: &Visit) -> Route {
        // What a reverse proxy passes on comes from elsewhere, though its last step is on loopback; not every one says so.
        let passed_on = ["Forwarded", "X-Forwarded-For", "Via"]
            .into_iter()
            .any(|name| head.header(name).is_some());
        let at_home = visit.on_loopback() && !passed_on && self.advertise.is_none();
        let bearer = head
            .header("Authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let may = at_home
            || matches!((&self.admin_token, bearer), (Some(token), Some(given)) if token.is(given));
        if !may {
            let why = "metrics need the admin token here: Authorization: Bearer ..., \
                       as it stands in the file admin-token of the data directory";
            return Route::Answer(Response::text(403, why));
        }
        match head.method.as_str() {
            "GET" | "HEAD" => Route::Metrics,
            _ => reading(head, Response::no_content),
        }
    }
}

/// For what is there to be read: `GET` and `HEAD`, and `OPTIONS`, which says so.
fn reading(head: &Head, response: impl FnOnce() -> Response) -> Route {
    const ALLOWED: &str = "GET, HEAD, OPTIONS";
    Route::Answer(match head.method.as_str() {
        "GET" | "HEAD" => response(),
        "OPTIONS" => Response::no_content().with("Allow", ALLOWED),
        _ => Response::text(405, "this can only be read").with("Allow", ALLOWED),
    })
}

/// For what web pages of any origin may read.
fn cross_origin(route: Route) -> Route {
    match route {
        Route::Answer(response) => {
            let preflight = response.status == 204;
            let response = response.with("Access-Control-Allow-Origin", "*");
            Route::Answer(if preflight {
                response
                    .with("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
                    .with("Access-Control-Allow-Headers", "*")
                    .with("Access-Control-Max-Age", "86400")
            } else {
                response
            })
        }
        Route::Metrics | Route::Invite | Route::WebSocket { .. } => route,
    }
}

fn invite(head: &Head, visit: &Visit) -> Route {
    const ALLOWED: &str = "POST, OPTIONS";
    match head.method.as_str() {
        "POST" if visit.secure => Route::Invite,
        "POST" => Route::Answer(Response::text(
            403,
            "invitation codes are exchanged over TLS only: use https:// on the next port",
        )),
        "OPTIONS" => Route::Answer(Response::no_content().with("Allow", ALLOWED)),
        _ => Route::Answer(
            Response::text(405, "an invitation code is exchanged by POST").with("Allow", ALLOWED),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site {
            plain_port: 7800,
            tls_port: 7801,
            advertise: None,
            allow_plain: false,
            admin_token: Some(AdminToken::new("sesame\n")),
        }
    }

    fn visit(local: &str, secure: bool) -> Visit {
        Visit {
            local: local.parse().expect("an address"),
            peer: "192.0.2.9:5".parse().expect("an address"),
            secure,
        }
    }

    fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Head {
        Head {
            method: method.to_owned(),
            path: path.to_owned(),
            minor_version: 1,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            leftover: Vec::new(),
        }
    }

    fn handshake(path: &str) -> Head {
        let headers = [
            ("host", "whatever.example"),
            ("UPGRADE", "WebSocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        head("GET", path, &headers)
    }

    fn answer(route: Route) -> Response {
        match route {
            Route::Answer(response) => response,
            Route::Metrics | Route::Invite | Route::WebSocket { .. } => {
                panic!("no answer: {route:?}")
            }
        }
    }

    const HERE: &str = "127.0.0.1:7800";
    const THERE: &str = "203.0.113.7:7800";

    #[test]
    fn the_list_of_servers_is_for_everybody() {
        for secure in [false, true] {
            let request = head("GET", "/getaddr", &[]);
            let response = answer(site().route(&request, &visit(THERE, secure), true));
            assert_eq!(response.status, 200, "even while draining");
            assert_eq!(
                response.body,
                r#"{"web":[["203.0.113.7",7800],["203.0.113.7",7800]]}"#
            );
            let allowed = ("Access-Control-Allow-Origin", "*".to_owned());
            assert!(response.headers.contains(&allowed), "{response:?}");
        }
        let request = head("GET", "/url/getaddr", &[]);
        let response = answer(site().route(&request, &visit(THERE, true), false));
        assert!(
            response.body.contains("wss://203.0.113.7:7801/"),
            "{response:?}"
        );
        let preflight = head("OPTIONS", "/getaddr", &[("Origin", "https://app.example")]);
        let response = answer(site().route(&preflight, &visit(THERE, true), false));
        assert_eq!(response.status, 204);
        assert_eq!(response.headers.len(), 5, "{response:?}");
    }

    #[test]
    fn health_changes_when_the_server_is_about_to_stop() {
        let request = head("GET", "/healthz", &[]);
        let response = answer(site().route(&request, &visit(HERE, false), false));
        assert_eq!((response.status, response.body.as_str()), (200, "ok\n"));
        let response = answer(site().route(&request, &visit(HERE, false), true));
        assert_eq!(response.status, 503);
    }

    #[test]
    fn a_websocket_is_made_on_any_path() {
        for path in ["/", "/some/path", "/getaddr"] {
            let route = site().route(&handshake(path), &visit(HERE, false), false);
            assert!(
                matches!(&route, Route::WebSocket { key } if key == "dGhlIHNhbXBsZSBub25jZQ=="),
                "{route:?}"
            );
        }
    }

    #[test]
    fn a_plain_websocket_off_loopback_is_refused_unless_allowed() {
        let mut site = site();
        let response = answer(site.route(&handshake("/"), &visit(THERE, false), false));
        assert_eq!(response.status, 403);
        assert!(response.body.contains("allow_plain"), "{response:?}");
        let secure = site.route(&handshake("/"), &visit(THERE, true), false);
        assert!(matches!(secure, Route::WebSocket { .. }), "{secure:?}");
        let mapped = visit("[::ffff:127.0.0.1]:7800", false);
        let loopback = site.route(&handshake("/"), &mapped, false);
        assert!(matches!(loopback, Route::WebSocket { .. }), "{loopback:?}");
        site.allow_plain = true;
        let allowed = site.route(&handshake("/"), &visit(THERE, false), false);
        assert!(matches!(allowed, Route::WebSocket { .. }), "{allowed:?}");
    }

    #[test]
    fn a_wrong_handshake_is_told_what_is_wrong() {
        let status = |change: &dyn Fn(&mut Head)| {
            let mut head = handshake("/");
            change(&mut head);
            answer(site().route(&head, &visit(HERE, false), false)).status
        };
        assert_eq!(status(&|head| head.method = "POST".to_owned()), 400);
        assert_eq!(status(&|head| head.minor_version = 0), 400);
        assert_eq!(status(&|head| head.headers[2].1 = "close".to_owned()), 400);
        assert_eq!(status(&|head| head.headers[3].1 = "8".to_owned()), 426);
        assert_eq!(status(&|head| head.headers[4].1 = "short".to_owned()), 400);
        let draining = site().route(&handshake("/"), &visit(HERE, false), true);
        assert_eq!(answer(draining).status, 503);
    }

    #[test]
    fn metrics_are_open_on_loopback_and_need_the_admin_token_elsewhere() {
        let route = |local: &str, headers: &[(&str, &str)]| {
            site().route(
                &head("GET", "/metrics", headers),
                &visit(local, true),
                false,
            )
        };
        let opens = |route: Route| matches!(route, Route::Metrics);
        assert!(opens(route(HERE, &[])));
        assert!(opens(route(THERE, &[("Authorization", "Bearer sesame")])));
        assert_eq!(answer(route(THERE, &[])).status, 403);
        assert_eq!(
            answer(route(THERE, &[("Authorization", "Bearer other")])).status,
            403
        );
        assert_eq!(
            answer(route(THERE, &[("Authorization", "Bearer")])).status,
            403
        );
        let proxied = route(HERE, &[("X-Forwarded-For", "192.0.2.9")]);
        assert_eq!(answer(proxied).status, 403);
        let mut public = site();
        public.advertise = "203.0.113.7".parse().ok();
        let at_home = |headers: &[(&str, &str)]| {
            public.route(&head("GET", "/metrics", headers), &visit(HERE, true), false)
        };
        assert_eq!(answer(at_home(&[])).status, 403, "it may be a proxy");
        assert!(opens(at_home(&[("Authorization", "Bearer sesame")])));
        let mut without = site();
        for token in [None, Some(AdminToken::new("\n"))] {
            without.admin_token = token;
            let request = head("GET", "/metrics", &[("Authorization", "Bearer ")]);
            assert_eq!(
                answer(without.route(&request, &visit(THERE, true), false)).status,
                403
            );
        }
    }

    #[test]
    fn an_invitation_is_exchanged_by_post_over_tls() {
        let route = |method: &str, local: &str, secure: bool| {
            site().route(&head(method, "/invite", &[]), &visit(local, secure), false)
        };
        assert!(matches!(route("POST", THERE, true), Route::Invite));
        assert_eq!(answer(route("POST", THERE, false)).status, 403);
        assert_eq!(answer(route("POST", HERE, false)).status, 403);
        assert_eq!(answer(route("GET", THERE, true)).status, 405);
    }

    #[test]
    fn other_paths_and_methods_are_told_so() {
        let status = |method: &str, path: &str| {
            answer(site().route(&head(method, path, &[]), &visit(HERE, false), false)).status
        };
        assert_eq!(status("GET", "/"), 200);
        assert_eq!(status("HEAD", "/healthz"), 200);
        assert_eq!(status("GET", "/nothing"), 404);
        assert_eq!(status("POST", "/getaddr"), 405);
        assert_eq!(status("DELETE", "/metrics"), 405);
        assert_eq!(status("OPTIONS", "*"), 204);
    }

    #[test]
    fn the_admin_token_is_never_shown() {
        assert!(!format!("{:?}", site()).contains("sesame"));
    }
}
