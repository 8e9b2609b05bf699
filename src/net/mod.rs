//! LAYER 2. Links.
