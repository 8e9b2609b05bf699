//! LAYER 3. The server.

pub mod clock;
pub mod store;
