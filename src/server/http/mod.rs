//! HTTP on both ports: a request's head is read and answered, or handed over as a WebSocket. One request a connection.

mod discovery;
mod head;
mod invite;
mod response;
mod routes;
mod throttle;

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::accept_websocket;
use super::edge::Edge;
use super::handle::Ends;
use head::{Head, HeadError};
use response::Response;

pub(crate) use invite::Desk;
pub(crate) use routes::{AdminToken, Route, Site, Visit};

/// Serves one connection until it has its answer, or is handed over to the hub.
pub(super) async fn serve<S>(mut stream: S, visit: Visit, edge: Arc<Edge>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let head = match Head::read(&mut stream).await {
        Ok(head) => head,
        Err(error) => return refuse_head(stream, &error).await,
    };
    match edge.site.route(&head, &visit, edge.hub.is_draining()) {
        Route::WebSocket { key } => {
            let ws = match accept_websocket(stream, &key, head.leftover).await {
                Ok(ws) => ws,
                Err(error) => {
                    tracing::debug!(%error, "a WebSocket handshake was not finished");
                    return;
                }
            };
            let ends = Ends {
                peer: visit.peer.ip().to_canonical(),
                local: visit.local.ip(),
            };
            edge.hub.serve_link(ws, ends);
        }
        // Boxed, since its size would count for every WebSocket, too.
        route @ (Route::Answer(_) | Route::Metrics | Route::Invite) => {
            Box::pin(answer(stream, head, visit, &edge, route)).await;
        }
    }
}

async fn answer<S>(mut stream: S, head: Head, visit: Visit, edge: &Edge, route: Route)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    edge.counters.http_requests.inc();
    let head_only = head.method == "HEAD";
    let response = match route {
        Route::Answer(response) => response,
        Route::Metrics => Response {
            status: 200,
            headers: Vec::new(),
            content_type: super::metrics::CONTENT_TYPE,
            body: super::metrics::render(
                &edge.hub.stats(),
                &edge.counters,
                edge.lobby.shown_out(),
                edge.relayed().as_ref(),
            ),
        },
        Route::Invite => edge.desk.answer(&mut stream, head, &visit).await,
        Route::WebSocket { .. } => return,
    };
    if let Err(error) = response.finish(&mut stream, head_only).await {
        tracing::debug!(%error, "an HTTP answer was not taken");
    }
}

async fn refuse_head<S>(mut stream: S, error: &HeadError)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let status = match error {
        // Normal: some clients open two connections and use one.
        HeadError::Closed | HeadError::Io(_) => return,
        HeadError::TimedOut => 408,
        HeadError::TooLarge => 431,
        HeadError::Malformed => 400,
    };
    let response = Response::text(status, error.to_string());
    if let Err(error) = Box::pin(response.finish(&mut stream, false)).await {
        tracing::debug!(%error, "an HTTP answer was not taken");
    }
}
