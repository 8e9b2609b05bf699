//! A user on one of the API maker's SDKs, which runs unmodified in a process of its own (`sdk/js_peer.js`, `sdk/py_peer.py`, and in a
//! browser `browser/serve.js`).
//!
//! A test tells a peer what to do and then takes the SDK's callbacks one by one. Each waits for its turn with a deadline;
//! when a test fails, every peer prints all that passed.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Server;

/// How long to wait for what must come. Far more than it takes, since machines that test are slow at times.
const DEADLINE: Duration = Duration::from_secs(20);

/// Which SDK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sdk {
    /// npm `agora-signaling-sdk` 1.4.0 under Node, through TLS.
    Web,
    /// PyPI `agora-signaling-sdk` 1.0.2, without TLS, as it always is.
    Python,
}

/// A callback of the SDK.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// By its name in the web SDK.
    pub(crate) name: String,
    /// Whose callback: `session`, `channel 1`, `call 2`, or the number of a command.
    pub(crate) of: String,
    pub(crate) args: Value,
}

/// A user on an SDK.
pub(crate) struct Peer {
    /// On what, for whoever reads why a test failed.
    on: String,
    account: String,
    child: Child,
    stdin: ChildStdin,
    shared: Arc<Shared>,
    commands: u64,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    transcript: String,
    /// Every event, and whether a test took it.
    events: Vec<(Event, bool)>,
    results: Vec<(u64, Result<Value, String>)>,
    /// Why nothing more is to be expected.
    broken: Option<String>,
}

impl Peer {
    /// Starts the SDK; nobody has signed in yet.
    pub(crate) fn new(sdk: Sdk, server: &Server, account: &str) -> Self {
        Self::start(&format!("{sdk:?}"), account, &mut program(sdk, server))
    }

    /// Starts a program that takes commands and tells what happens as those of the SDKs do.
    pub(crate) fn start(on: &str, account: &str, program: &mut Command) -> Self {
        let mut child = program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{on} does not run ({error}): tests/run.sh installs it")
            });
        let stdin = child.stdin.take().expect("piped");
        let stdout = child.stdout.take().expect("piped");
        let stderr = child.stderr.take().expect("piped");
        let shared = Arc::<Shared>::default();
        let started = Instant::now();
        listen(&shared, stdout, move |seen, line| {
            seen.write(started, '<', line);
            seen.read(line);
        });
        listen(&shared, stderr, move |seen, line| {
            seen.write(started, ' ', line)
        });
        Self {
            on: on.to_owned(),
            account: account.to_owned(),
            child,
            stdin,
            shared,
            commands: 0,
        }
    }

    /// Starts the SDK and signs in, with no token.
    pub(crate) fn signed_in(sdk: Sdk, server: &Server, account: &str) -> Self {
        let mut peer = Self::new(sdk, server, account);
        peer.login(json!({}));
        peer.next("onLoginSuccess");
        peer
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Begins to sign in; `options` are those of the peer programs: `token`, `app`, `lbs`, `ap_url`, `by_lbs`.
    pub(crate) fn login(&mut self, mut options: Value) {
        if options.get("account").is_none() {
            options["account"] = json!(self.account);
        }
        self.run("login", options);
    }

    /// Sends a command without waiting for anything; its number is that of its callback.
    pub(crate) fn send(&mut self, op: &str, mut fields: Value) -> u64 {
        self.commands += 1;
        fields["id"] = json!(self.commands);
        fields["op"] = json!(op);
        self.shared.lock().write_command(&fields);
        writeln!(self.stdin, "{fields}").expect("the peer takes commands");
        self.commands
    }

    /// Has a command run; what the SDK's method returned.
    pub(crate) fn run(&mut self, op: &str, fields: Value) -> Value {
        let id = self.send(op, fields);
        self.wait(DEADLINE, &format!("the result of {op}"), |seen| {
            let at = seen.results.iter().position(|(result, _)| *result == id)?;
            Some(seen.results.swap_remove(at).1)
        })
        .unwrap_or_else(|error| panic!("{}: {op} failed: {error}", self.account))
    }

    /// Has a command run; what its callback got.
    pub(crate) fn ask(&mut self, op: &str, fields: Value) -> Value {
        let id = self.send(op, fields);
        self.callback(id)
    }

    /// What the callback of this command got.
    pub(crate) fn callback(&self, command: u64) -> Value {
        self.next_of(&command.to_string(), "callback", DEADLINE)
            .args
    }

    /// `invoke`, or `call2` in Python: the error, and the answer.
    pub(crate) fn invoke(&mut self, function: &str, args: Value) -> (Value, Value) {
        let mut got = self.ask("invoke", json!({"function": function, "args": args}));
        (got[0].take(), got[1].take())
    }

    /// `invoke` that must succeed.
    pub(crate) fn query(&mut self, function: &str, args: Value) -> Value {
        let (error, answer) = self.invoke(function, args);
        assert_eq!(
            (&error, &answer["result"]),
            (&json!(""), &json!("ok")),
            "{function}: {answer}"
        );
        answer
    }

    /// Sends an instant message that must be accepted.
    pub(crate) fn message(&mut self, peer: &str, text: &str) {
        let failed = self.ask("message", json!({"peer": peer, "text": text}));
        assert_eq!(failed, json!([false]), "{} sends to {peer}", self.account);
    }

    /// Takes the next instant message.
    pub(crate) fn expect_message(&self, from: &str, text: &str) {
        self.expect("session", "onMessageInstantReceive", json!([from, 0, text]));
    }

    /// Joins a channel and waits until that is so; its number, and the list of its members.
    pub(crate) fn join(&mut self, channel: &str) -> (u64, Value) {
        let number = self.run("join", json!({"channel": channel}));
        let number = number.as_u64().expect("a channel's number");
        let of = format!("channel {number}");
        self.expect(&of, "onChannelJoined", json!([]));
        let list = self.next_of(&of, "onChannelUserList", DEADLINE).args;
        (number, list[0].clone())
    }

    /// Takes the first event of this name that no one has taken.
    pub(crate) fn next(&self, name: &str) -> Event {
        self.next_within(name, DEADLINE)
    }

    /// The same for what takes its time.
    pub(crate) fn next_within(&self, name: &str, deadline: Duration) -> Event {
        self.wait(deadline, name, |seen| seen.take(|event| event.name == name))
    }

    /// Takes the first event of this name and owner that no one has taken; it must have come with these arguments.
    pub(crate) fn expect(&self, of: &str, name: &str, args: Value) {
        let event = self.next_of(of, name, DEADLINE);
        assert_eq!(
            event.args, args,
            "{} of {of}, at {}",
            event.name, self.account
        );
    }

    /// Nothing of this name has come that was not taken.
    pub(crate) fn expect_no_more(&self, name: &str) {
        let event = self.shared.lock().take(|event| event.name == name);
        assert!(event.is_none(), "{}: unexpected {event:?}", self.account);
    }

    /// How many events of this name have come, taken or not.
    pub(crate) fn count(&self, name: &str) -> usize {
        let seen = self.shared.lock();
        seen.events
            .iter()
            .filter(|(event, _)| event.name == name)
            .count()
    }

    /// The callbacks of the session, of channels and of calls that have come, by name and in order, taken or not.
    #[cfg(feature = "client")]
    pub(crate) fn callbacks(&self) -> Vec<String> {
        let seen = self.shared.lock();
        let names = seen.events.iter().map(|(event, _)| event.name.clone());
        names.filter(|name| name.starts_with("on")).collect()
    }

    /// All callbacks of the session, of channels and of calls that have come, in order, taken or not: whose it is, its name, and what
    /// it was called with.
    #[cfg(feature = "client")]
    pub(crate) fn told(&self) -> Vec<(String, String, Value)> {
        let seen = self.shared.lock();
        let events = seen.events.iter().map(|(event, _)| event);
        events
            .filter(|event| event.name.starts_with("on"))
            .map(|event| (event.of.clone(), event.name.clone(), event.args.clone()))
            .collect()
    }

    /// Returns when all that the server had for this peer has arrived: a notice, the poll that it led to, and one more.
    pub(crate) fn settle(&mut self) {
        for _ in 0..3 {
            let account = self.account.clone();
            self.query("user_query_user_status", json!({"account": account}));
        }
    }

    fn next_of(&self, of: &str, name: &str, deadline: Duration) -> Event {
        self.wait(deadline, &format!("{name} of {of}"), |seen| {
            seen.take(|event| event.name == name && event.of == of)
        })
    }

    fn wait<T>(
        &self,
        deadline: Duration,
        what: &str,
        mut take: impl FnMut(&mut Seen) -> Option<T>,
    ) -> T {
        let until = Instant::now() + deadline;
        let mut seen = self.shared.lock();
        loop {
            if let Some(found) = take(&mut seen) {
                return found;
            }
            let left = until.saturating_duration_since(Instant::now());
            let broken = seen.broken.clone();
            if broken.is_some() || left.is_zero() {
                drop(seen);
                let why = broken.unwrap_or_else(|| format!("not within {deadline:?}"));
                panic!("{} on {} waits for {what}: {why}", self.account, self.on);
            }
            seen = self
                .shared
                .changed
                .wait_timeout(seen, left)
                .expect("nobody panics with what was seen")
                .0;
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended; then there is nothing to kill.
        drop(self.child.kill());
        drop(self.child.wait());
        let seen = self.shared.lock();
        if thread::panicking() {
            eprintln!("--- {} on {}:\n{}", self.account, self.on, seen.transcript);
        } else {
            let leaks = seen
                .events
                .iter()
                .filter(|(event, _)| event.name == "leak")
                .count();
            assert_eq!(
                leaks, 0,
                "the SDK reached out to another machine:\n{}",
                seen.transcript
            );
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics with what was seen")
    }
}

impl Seen {
    fn write(&mut self, started: Instant, mark: char, line: &str) {
        let at = started.elapsed().as_secs_f64();
        writeln!(self.transcript, "{at:8.3} {mark} {line}").expect("text grows");
    }

    fn write_command(&mut self, command: &Value) {
        writeln!(self.transcript, "         > {command}").expect("text grows");
    }

    fn read(&mut self, line: &str) {
        let Ok(mut line) = serde_json::from_str::<Value>(line) else {
            self.broken = Some(format!("the peer printed {line}"));
            return;
        };
        if let Some(id) = line["result"].as_u64() {
            let result = match line["error"].as_str() {
                None => Ok(line["value"].take()),
                Some(error) => Err(error.to_owned()),
            };
            self.results.push((id, result));
            return;
        }
        let event = Event {
            name: line["event"].as_str().unwrap_or_default().to_owned(),
            of: line["of"].as_str().unwrap_or_default().to_owned(),
            args: line["args"].take(),
        };
        if event.name == "leak" || event.name == "uncaught" {
            self.broken = Some(format!("{event:?}"));
        }
        self.events.push((event, false));
    }

    fn take(&mut self, wanted: impl Fn(&Event) -> bool) -> Option<Event> {
        let (event, taken) = self
            .events
            .iter_mut()
            .find(|(event, taken)| !*taken && wanted(event))?;
        *taken = true;
        Some(event.clone())
    }
}

fn listen(
    shared: &Arc<Shared>,
    stream: impl Read + Send + 'static,
    mut take: impl FnMut(&mut Seen, &str) + Send + 'static,
) {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            take(&mut shared.lock(), &line);
            shared.changed.notify_all();
        }
        shared
            .lock()
            .broken
            .get_or_insert_with(|| "the peer's program has ended".to_owned());
        shared.changed.notify_all();
    });
}

/// What `tests/run.sh` installs for these tests.
fn live() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("the target directory")
        .join("live")
}

/// What is installed from npm: the web SDK and what it needs under Node.
pub(crate) fn node_modules() -> PathBuf {
    let modules = installed(live().join("node_modules"));
    installed(modules.join("agora-signaling-sdk/AgoraSigSDK.min.js"));
    modules
}

/// Python with what is installed beside it.
pub(crate) fn python() -> PathBuf {
    installed(live().join("venv/bin/python"))
}

fn program(sdk: Sdk, server: &Server) -> Command {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/sdk");
    match sdk {
        Sdk::Web => {
            let modules = node_modules();
            installed(modules.join("ws"));
            let mut command = Command::new("node");
            command
                .arg(programs.join("js_peer.js"))
                .arg(modules)
                .arg(server.certificate())
                .arg(server.tls_port().to_string());
            command
        }
        Sdk::Python => {
            let mut command = Command::new(python());
            command
                .arg(programs.join("py_peer.py"))
                .arg(server.port().to_string());
            command
        }
    }
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing: tests/run.sh installs it",
        path.display()
    );
    path
}
