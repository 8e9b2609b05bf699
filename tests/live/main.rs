//! The real server on real sockets, with the API maker's own SDKs and hand-made frames on the other side.
//!
//! `tests/run.sh` installs the SDKs below `target/live`; no byte of them is part of this package. Each test has a server of
//! its own. Numbers like "section 8" are those of the protocol page that the server is built from.
//!
//! | file | what it shows |
//! |---|---|
//! | `login`, `lbs`, `keepalive` | how SDKs find the server, sign in, stay, are displaced, and leave |
//! | `messages`, `channels`, `queries`, `calls` | what users do with it |
//! | `settings` | where they come from |
//! | `restart`, `kill9` | what outlives the process |
//! | `ours` | what the next ones have in common |
//! | `rust_client` | our own SDK, over lost links and killed servers, and with the 1.4.0 web SDK |
//! | `resume` | what our SDK makes of links that are cut in the middle of everything, which `proxy` does |
//! | `people` | presence, receipts, typing and blocking, and that 1.x clients see nothing of them |
//! | `control` | what an administrator of an embedded server does, and what a tap on a link shows |
//! | `rooms` | rooms that keep what is said, and attributes watched from outside, and that 1.x clients see nothing of them |
//! | `app` | the app as people have it: windows, mouse and keyboard, `kill -9` |
//! | `turn` | STUN and TURN, as another maker's client speaks it |
//! | `likeness` | how alike two sounds are |
//! | `verbs` | calls that are heard between two processes without display and sound server, and with a browser |
//! | `bad_input`, `slow_reader` | what one client cannot do to another |

#[cfg(all(feature = "app", target_os = "linux"))]
mod app;
mod bad_input;
#[cfg(feature = "client")]
mod beside_web;
mod calls;
mod channels;
#[cfg(feature = "client")]
mod control;
mod keepalive;
mod kill9;
mod lbs;
#[cfg(feature = "app")]
mod likeness;
mod login;
mod messages;
#[cfg(feature = "client")]
mod ours;
mod peer;
#[cfg(feature = "client")]
mod people;
#[cfg(feature = "client")]
mod proxy;
mod queries;
mod raw;
mod restart;
#[cfg(feature = "client")]
mod resume;
#[cfg(feature = "client")]
mod rooms;
#[cfg(feature = "client")]
mod rust_client;
mod server;
mod settings;
mod slow_reader;
mod turn;
#[cfg(feature = "app")]
mod verbs;
