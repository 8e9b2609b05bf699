//! Stories over the hub and the clients of the field, in simulated time.

#[path = "../support/mod.rs"]
mod support;

mod attributes;
mod beside_old_clients;
mod blocks;
mod calls;
mod channels;
mod client_calls;
mod client_channels;
mod client_comebacks;
mod client_history;
mod client_keeping;
mod client_links;
mod client_messages;
mod client_presence;
mod client_random;
mod client_resume;
mod client_take_over;
mod client_watches;
mod messages;
mod missed_calls;
mod old_clients;
mod presence;
mod random;
mod random_people;
mod random_rooms;
mod receipts;
mod restart;
mod resume;
mod sessions;
mod typing;

/// No client broke, and the applications were told what the snapshot says.
macro_rules! assert_story {
    ($world:expr) => {
        assert_eq!($world.broken(), Vec::<String>::new());
        insta::assert_snapshot!($world.transcript());
    };
}
use assert_story;
