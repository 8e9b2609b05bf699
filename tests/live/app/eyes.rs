//! What is on the screen, as a screen reader is told it (AT-SPI 2): names, roles and places.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use tokio::runtime::Runtime;
use zbus::names::OwnedBusName;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, MatchRule, MessageStream};

use super::desk::Desk;
use super::programs::PATIENCE;

const REGISTRY: &str = "org.a11y.atspi.Registry";
const ROOT: &str = "/org/a11y/atspi/accessible/root";
const ACCESSIBLE: &str = "org.a11y.atspi.Accessible";
/// Places on the screen, not within the window.
const ON_SCREEN: u32 = 0;

/// After so long without news one looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Something on the screen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) name: String,
    /// What it is, by AT-SPI's number: 43 for a button.
    pub(super) role: u32,
    /// The title of its window.
    pub(super) window: String,
    object: Object,
}

/// Where a program keeps something.
type Object = (OwnedBusName, OwnedObjectPath);

/// Reads all windows of a desk.
pub(super) struct Eyes {
    runtime: Runtime,
    bus: Connection,
}

impl Eyes {
    pub(super) fn open(desk: &Desk) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let bus = runtime.block_on(async {
            let session = connect(desk.bus()).await;
            let at = "/org/a11y/bus";
            let latest = Instant::now() + PATIENCE;
            loop {
                let answer = session
                    .call_method(
                        Some("org.a11y.Bus"),
                        at,
                        Some("org.a11y.Bus"),
                        "GetAddress",
                        &(),
                    )
                    .await;
                match answer {
                    Ok(answer) => {
                        let address: String = answer.body().deserialize().expect("an address");
                        return connect(&address).await;
                    }
                    // The launcher is not there yet.
                    Err(error) => assert!(Instant::now() < latest, "{error}"),
                }
            }
        });
        Self { runtime, bus }
    }

    /// Looks until something of a process satisfies, and says so again whenever anything on the screen changes.
    #[track_caller]
    pub(super) fn wait<T>(
        &self,
        process: u32,
        what: &str,
        mut find: impl FnMut(&[Seen]) -> Option<T>,
    ) -> T {
        let found = self.runtime.block_on(async {
            let rule = MatchRule::builder()
                .msg_type(zbus::message::Type::Signal)
                .path_namespace("/org/a11y/atspi/accessible")
                .expect("a path")
                .build();
            let mut changes = MessageStream::for_match_rule(rule, &self.bus, Some(1024))
                .await
                .expect("a stream");
            let latest = Instant::now() + PATIENCE;
            loop {
                let seen = self.all(process).await;
                if let Some(found) = find(&seen) {
                    return Ok(found);
                }
                if Instant::now() >= latest {
                    return Err(seen);
                }
                // Not all that changes is told.
                drop(tokio::time::timeout(LOOK_AGAIN, changes.next()).await);
            }
        });
        found.unwrap_or_else(|seen| {
            let lines = seen
                .iter()
                .map(|seen| format!("{} {:?}", seen.role, seen.name));
            panic!("no {what} in\n{}", lines.collect::<Vec<_>>().join("\n"))
        })
    }

    /// Where it is: its middle, in pixels.
    pub(super) fn middle(&self, seen: &Seen) -> (i32, i32) {
        let place = self.runtime.block_on(self.ask::<(i32, i32, i32, i32)>(
            &seen.object,
            "org.a11y.atspi.Component",
            "GetExtents",
            &ON_SCREEN,
        ));
        let (x, y, width, height) = place.unwrap_or_else(|| panic!("{seen:?} has gone"));
        (x + width / 2, y + height / 2)
    }

    /// What stands in a line that one can type into.
    pub(super) fn text(&self, seen: &Seen) -> String {
        self.runtime
            .block_on(self.ask(&seen.object, "org.a11y.atspi.Text", "GetText", &(0, -1)))
            .unwrap_or_default()
    }

    /// Everything that bears a name, of one process.
    async fn all(&self, process: u32) -> Vec<Seen> {
        let registry = (
            OwnedBusName::try_from(REGISTRY).expect("a name"),
            OwnedObjectPath::try_from(ROOT).expect("a path"),
        );
        let mut all = Vec::new();
        for program in self.children(&registry).await {
            if self.process(&program.0).await != Some(process) {
                continue;
            }
            for window in self.children(&program).await {
                let title = self.name(&window).await;
                let mut level = self.children(&window).await;
                while !level.is_empty() {
                    let looks = level.iter().map(|object| self.look(object, &title));
                    all.extend(join_all(looks).await.into_iter().flatten());
                    let below = level.iter().map(|object| self.children(object));
                    level = join_all(below).await.into_iter().flatten().collect();
                }
            }
        }
        all
    }

    /// `None`, if it has gone meanwhile or has no name.
    async fn look(&self, object: &Object, window: &str) -> Option<Seen> {
        let name = self.name(object).await;
        if name.is_empty() {
            return None;
        }
        Some(Seen {
            name,
            role: self.ask(object, ACCESSIBLE, "GetRole", &()).await?,
            window: window.to_owned(),
            object: object.clone(),
        })
    }

    async fn name(&self, object: &Object) -> String {
        let properties = "org.freedesktop.DBus.Properties";
        let value: Option<OwnedValue> = self
            .ask(object, properties, "Get", &(ACCESSIBLE, "Name"))
            .await;
        value
            .and_then(|value| String::try_from(value).ok())
            .unwrap_or_default()
    }

    async fn children(&self, object: &Object) -> Vec<Object> {
        self.ask(object, ACCESSIBLE, "GetChildren", &())
            .await
            .unwrap_or_default()
    }

    async fn process(&self, program: &OwnedBusName) -> Option<u32> {
        let bus = "org.freedesktop.DBus";
        let answer = self
            .bus
            .call_method(
                Some(bus),
                "/org/freedesktop/DBus",
                Some(bus),
                "GetConnectionUnixProcessID",
                program,
            )
            .await
            .ok()?;
        answer.body().deserialize().ok()
    }

    async fn ask<T>(
        &self,
        (program, path): &Object,
        interface: &str,
        method: &str,
        body: &(impl serde::Serialize + zbus::zvariant::DynamicType),
    ) -> Option<T>
    where
        T: for<'a> zbus::zvariant::DynamicDeserialize<'a>,
    {
        let answer = self
            .bus
            .call_method(Some(program), path, Some(interface), method, body)
            .await
            .ok()?;
        answer.body().deserialize().ok()
    }
}

async fn connect(address: &str) -> Connection {
    zbus::connection::Builder::address(address)
        .expect("an address")
        .build()
        .await
        .expect("a bus")
}
