//! Callsign: a desktop softphone and messenger, and the signaling server behind it.
//!
//! This file is the map. Feature gates live here, and in the two rooms that have a part for everybody: `client` and `net`.
//!
//! | room | layer | what it is |
//! |---|---|---|
//! | [`protocol`] | 0 | the words both sides speak: frames, requests, pushes, codes, tokens, limits |
//! | [`client`] | 1, 2 | the SDK: a pure core, and the handles and the loop around it |
//! | [`hub`] | 1 | the server's mind: time and input in, outputs out; no clock, no socket, no task |
//! | `net` | 2 | links: TLS and sockets |
//! | `store` | 2 | what the app keeps on its computer: conversations, calls, people, settings |
//! | `voice` | 1, 2 | the sound of a call: pure machines, and beside them sockets and devices |
//! | `calls` | 3 | calls that are heard: signaling and sound together |
//! | `server` | 3 | `bind`, `serve`, `shutdown`: the hub on real sockets and a real disk, embeddable |
//! | `app` | 4 | the desktop app: state, views, and the worker that touches the world |

pub mod client;
pub mod hub;
pub mod protocol;

#[cfg(feature = "app")]
pub mod app;
#[cfg(all(feature = "client", feature = "voice"))]
pub mod calls;
#[cfg(any(feature = "client", feature = "server"))]
pub mod net;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "store")]
pub mod store;
#[cfg(feature = "voice")]
pub mod voice;
