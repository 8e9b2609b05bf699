//! Stories over the state alone.
