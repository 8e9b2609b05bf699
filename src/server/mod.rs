//! LAYER 3. The server.
