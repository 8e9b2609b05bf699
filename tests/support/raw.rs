//! A hub alone, with frames as they are on the wire: for what no client of the field says, and what each must not hear.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use callsign::hub::{Hub, Input, LinkId, Now, Output, Settings};
use callsign::protocol::codec;
use serde_json::{Value, json};

use super::{APP, START_MS, Store};

pub(crate) struct Raw {
    settings: Settings,
    hub: Hub,
    start: Instant,
    elapsed: Duration,
    links: BTreeMap<LinkId, Told>,
    last_link: u64,
    last_call: i64,
    pub(crate) store: Store,
}

/// What came on a connection.
#[derive(Default)]
struct Told {
    account: String,
    caps: Vec<String>,
    line: String,
    resume: Value,
    frames: Vec<Value>,
}

impl Raw {
    pub(crate) fn new() -> Self {
        Self::with_settings(Settings::open([7; 32]))
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        Self::with_logins(settings, 0)
    }

    /// A server that lets so many sign in a second.
    pub(crate) fn with_logins(mut settings: Settings, limit: u32) -> Self {
        settings.limits.logins_per_address = limit;
        let start = Instant::now();
        let now = Now {
            instant: start,
            unix_ms: START_MS,
        };
        Self {
            hub: Hub::new(settings.clone(), now),
            settings,
            start,
            elapsed: Duration::ZERO,
            links: BTreeMap::new(),
            last_link: 0,
            last_call: 0,
            store: Store::default(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            instant: self.start + self.elapsed,
            unix_ms: START_MS + u64::try_from(self.elapsed.as_millis()).expect("a short story"),
        }
    }

    /// Signs in with these additions, which must be granted; with none, as a 1.x client does.
    pub(crate) fn login(&mut self, account: &str, caps: &[&str]) -> LinkId {
        let caps: Vec<_> = caps.iter().map(|cap| (*cap).to_owned()).collect();
        self.login_with(account, &caps, &Value::Null)
    }

    /// Takes up the session of a connection, as a client does that lost it.
    pub(crate) fn takes_up(&mut self, lost: LinkId) -> LinkId {
        let Told {
            account,
            caps,
            resume,
            ..
        } = &self.links[&lost];
        let (account, caps, resume) = (account.clone(), caps.clone(), resume.clone());
        self.login_with(&account, &caps, &resume)
    }

    fn login_with(&mut self, account: &str, caps: &[String], resume: &Value) -> LinkId {
        self.last_link += 1;
        let link = LinkId(self.last_link);
        let told = Told {
            account: account.to_owned(),
            caps: caps.to_owned(),
            ..Told::default()
        };
        self.links.insert(link, told);
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.handle(Input::Opened { link, peer });
        let mut login = json!({
            "vid": APP, "account": account, "uid": 0, "token": "_no_need_token", "device": "websdk", "ip": "",
        });
        if !caps.is_empty() {
            login["caps"] = json!(caps);
            login["resume"] = resume.clone();
        }
        self.frame(link, &json!(["login", login]));
        let told = self.links.get_mut(&link).expect("a link");
        let granted = told.frames.remove(0);
        let text = granted[1][1].as_str().expect("text");
        let text: Value = serde_json::from_str(text).expect("JSON in text");
        assert_eq!(text["result"], "ok", "{granted}");
        if !caps.is_empty() {
            assert_eq!(text["caps"], json!(caps), "granted as asked");
            let resumed = text["resumed"].as_bool() == Some(true);
            assert_eq!(resumed, !resume.is_null(), "{granted}");
        }
        told.line = text["line"].as_str().expect("a line").to_owned();
        told.resume = text["resume"].clone();
        link
    }

    /// Signs in as a client does that lost a connection, and gives what the refusal says.
    pub(crate) fn refused(&mut self, lost: LinkId) -> Value {
        let Told {
            account,
            caps,
            resume,
            ..
        } = &self.links[&lost];
        let more = json!({ "caps": caps, "resume": resume });
        let account = account.clone();
        self.answer_to_login(&account, &more).1
    }

    /// Signs in with these fields beside those of every login, and gives what the answer says.
    pub(crate) fn answer_to_login(&mut self, account: &str, more: &Value) -> (LinkId, Value) {
        let mut login = json!({
            "vid": APP, "account": account, "uid": 0, "token": "_no_need_token", "device": "websdk", "ip": "",
        });
        for (name, value) in more.as_object().expect("fields") {
            login[name] = value.clone();
        }
        self.last_link += 1;
        let link = LinkId(self.last_link);
        self.links.insert(link, Told::default());
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.handle(Input::Opened { link, peer });
        self.frame(link, &json!(["login", login]));
        let answer = self.heard(link).remove(0);
        let answer = serde_json::from_str(answer[1][1].as_str().expect("text"));
        (link, answer.expect("JSON in text"))
    }

    /// From now on calls have the numbers of the first ones, as with a client that counts anew on each connection.
    pub(crate) fn count_calls_anew(&mut self) {
        self.last_call = 0;
    }

    /// The server stops.
    pub(crate) fn drain(&mut self) {
        self.handle(Input::Drain);
    }

    /// Calls a function; what else came stays to be heard.
    pub(crate) fn call(&mut self, link: LinkId, function: &str, mut args: Value) -> Value {
        self.last_call += 1;
        args["line"] = json!(self.links[&link].line);
        let before = self.links[&link].frames.len();
        self.frame(link, &json!(["call2", [function, self.last_call, args]]));
        let told = self.links.get_mut(&link).expect("a link");
        let answer = told.frames.remove(before);
        assert_eq!(answer[0], "call2-ret", "the answer comes first: {answer}");
        assert_eq!(answer[1][0], self.last_call);
        serde_json::from_str(answer[1][2].as_str().expect("text")).expect("JSON in text")
    }

    /// The same for a call that must not fail.
    pub(crate) fn does(&mut self, link: LinkId, function: &str, args: Value) -> Value {
        let answer = self.call(link, function, args);
        assert_eq!(answer["result"], "ok", "{function}: {answer}");
        answer
    }

    /// The code of a call that must fail.
    pub(crate) fn fails(&mut self, link: LinkId, function: &str, args: Value) -> u64 {
        let answer = self.call(link, function, args);
        assert_eq!(answer["result"], "failed", "{function}: {answer}");
        answer["code"].as_u64().expect("a code")
    }

    /// What came on a connection since it was asked for last, answers aside.
    pub(crate) fn heard(&mut self, link: LinkId) -> Vec<Value> {
        std::mem::take(&mut self.links.get_mut(&link).expect("a link").frames)
    }

    /// The same without the word that something is in the inbox.
    pub(crate) fn notified(&mut self, link: LinkId) -> Vec<Value> {
        let mut heard = self.heard(link);
        heard.retain(|frame| frame[1][0] != "msg");
        heard.into_iter().map(|frame| frame[1].clone()).collect()
    }

    /// Everything in an inbox, which is acknowledged: each as `[ver, envelope]`.
    pub(crate) fn polls(&mut self, link: LinkId) -> Vec<Value> {
        let page = self.does(link, "user_getmsg", json!({ "ver_clear": 0, "max": 100 }));
        let msgs = page["msgs"].as_array().expect("a list").clone();
        if let Some(last) = msgs.last() {
            let args = json!({ "ver_clear": last[0], "max": 100 });
            self.does(link, "user_getmsg", args);
        }
        msgs
    }

    /// The connection is gone.
    pub(crate) fn close(&mut self, link: LinkId) {
        self.handle(Input::Closed { link });
    }

    pub(crate) fn advance(&mut self, duration: Duration) {
        let until = self.elapsed + duration;
        while let Some(due) = self.hub.next_wakeup() {
            let due = due.duration_since(self.start);
            if due > until {
                break;
            }
            self.elapsed = due.max(self.elapsed);
            self.handle(Input::Tick);
        }
        self.elapsed = until;
        self.handle(Input::Tick);
    }

    /// The process is killed, and another takes over with what was kept.
    pub(crate) fn restart(&mut self) {
        let now = self.now();
        self.hub = Hub::new(self.settings.clone(), now);
        for op in self.hub.restore(now, self.store.snapshot()) {
            self.store.apply(op);
        }
        self.links.clear();
    }

    fn frame(&mut self, link: LinkId, frame: &Value) {
        let frame = codec::decode_client(&frame.to_string()).expect("a frame");
        self.handle(Input::Frame { link, frame });
    }

    fn handle(&mut self, input: Input) {
        let now = self.now();
        for output in self.hub.handle(now, input) {
            let (links, frame) = match output {
                Output::Send { link, frame } => (vec![link], frame),
                Output::Fan { links, frame } => (links, frame),
                Output::Close { .. } => continue,
                Output::Store(op) => {
                    self.store.apply(op);
                    continue;
                }
                Output::Query(query) => {
                    let page = Ok(self.store.page(&query));
                    let query = query.number;
                    self.handle(Input::History { query, page });
                    continue;
                }
            };
            let text = codec::encode_server(&frame);
            let frame: Value = serde_json::from_str(&text).expect("JSON");
            for link in links {
                if let Some(told) = self.links.get_mut(&link) {
                    told.frames.push(frame.clone());
                }
            }
        }
    }
}
