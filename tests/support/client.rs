//! The clients of the field, as the protocol page describes them: what breaks them is part of the model.
//!
//! They read and write JSON themselves, so that a story proves the wire and not our codec against itself.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use callsign::hub::LinkId;
use serde_json::{Value, json};

use super::APP;

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generation {
    /// The oldest web SDK in the field, 1.1.3.
    V11,
    /// 1.2 and the Node port.
    V12,
    /// 1.3.0.
    V13,
    /// 1.4.0.
    V14,
    /// The Python SDK 1.0.2.
    Py,
}

use Generation::{Py, V11, V12, V13, V14};

/// One client with its application, which writes down what it is told.
#[derive(Debug)]
pub(crate) struct Client {
    generation: Generation,
    account: String,
    token: String,
    pub(crate) link: Option<LinkId>,
    pub(crate) outgoing: Vec<String>,
    /// Whether it closes its socket now.
    pub(crate) closes: bool,
    pub(crate) told: Vec<String>,
    written: usize,
    /// What broke it for good.
    pub(crate) broken: Option<String>,
    state: State,
    line: String,
    next_call: i64,
    pending: HashMap<i64, &'static str>,
    inbox: Inbox,
    channel: Option<Channel>,
    calls: HashSet<String>,
    reconnect_at: Option<Duration>,
    /// Whether it is as good as dead: it sends nothing by itself.
    pub(crate) silent: bool,
    pinged_at: Duration,
    pings: i64,
    pub(crate) pongs: Vec<Value>,
    /// The code of the last failing answer.
    pub(crate) last_code: Option<u64>,
    /// How many messages the last poll brought.
    pub(crate) last_page: usize,
    deaf: bool,
    acks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Out,
    SigningIn,
    In,
}

#[derive(Debug, Default)]
struct Inbox {
    seen: u64,
    acked: u64,
    busy: bool,
    notified_while_busy: bool,
    last_activity: Duration,
    last_poll: Duration,
}

#[derive(Debug, Default)]
struct Channel {
    name: String,
    last_msgid: u64,
}

impl Client {
    pub(crate) fn new(account: &str, token: &str, generation: Generation) -> Self {
        Self {
            generation,
            account: account.to_owned(),
            token: token.to_owned(),
            link: None,
            outgoing: Vec::new(),
            closes: false,
            told: Vec::new(),
            written: 0,
            broken: None,
            state: State::Out,
            line: String::new(),
            // Section 6: the web clients count from 1, the Python client from 0.
            next_call: if generation == Py { 0 } else { 1 },
            pending: HashMap::new(),
            inbox: Inbox::default(),
            channel: None,
            calls: HashSet::new(),
            reconnect_at: None,
            silent: false,
            pinged_at: Duration::ZERO,
            pings: 0,
            pongs: Vec::new(),
            last_code: None,
            last_page: 0,
            deaf: false,
            acks: true,
        }
    }

    pub(crate) fn untold(&mut self) -> Vec<String> {
        let from = std::mem::replace(&mut self.written, self.told.len());
        self.told[from..].to_vec()
    }

    /// From now on it does not come back by itself.
    pub(crate) fn stays_away(&mut self) {
        self.reconnect_at = None;
    }

    /// From now on it does not poll.
    pub(crate) fn turns_deaf(&mut self) {
        self.deaf = true;
    }

    pub(crate) fn hears_again(&mut self) {
        self.deaf = false;
    }

    /// Its application's device never acknowledges invitations.
    pub(crate) fn acks_nothing(&mut self) {
        self.acks = false;
    }

    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    pub(crate) fn last_msgid(&self) -> u64 {
        self.channel
            .as_ref()
            .map_or(0, |channel| channel.last_msgid)
    }

    /// The socket is open: section 4.
    pub(crate) fn opened(&mut self, link: LinkId) {
        self.link = Some(link);
        self.state = State::SigningIn;
        self.inbox = Inbox::default();
        self.channel = None;
        let device = if self.generation == Py {
            "javasdk"
        } else {
            "websdk"
        };
        self.send(json!(["login", {
            "vid": APP, "account": self.account, "uid": 0, "token": self.token, "device": device, "ip": "",
        }]));
    }

    /// Sends a frame of the application's own making.
    pub(crate) fn send(&mut self, frame: Value) {
        self.outgoing.push(frame.to_string());
    }

    /// Calls a function, as `invoke` does.
    pub(crate) fn call(&mut self, function: &'static str, mut args: Value) {
        args["line"] = json!(self.line);
        let id = self.next_call;
        self.next_call += 1;
        self.pending.insert(id, function);
        self.send(json!(["call2", [function, id, args]]));
    }

    pub(crate) fn message(&mut self, peer: &str, text: &str) {
        self.call(
            "user_sendmsg",
            json!({ "peer": peer, "flag": "v1:E:3600", "t": "instant", "content": text }),
        );
    }

    pub(crate) fn join(&mut self, name: &str) {
        self.channel = Some(Channel {
            name: name.to_owned(),
            last_msgid: 0,
        });
        self.call("channel_join", json!({ "name": name }));
    }

    pub(crate) fn leave(&mut self) {
        let name = self.channel.take().expect("a channel").name;
        self.call("channel_leave", json!({ "name": name }));
    }

    pub(crate) fn say(&mut self, text: &str) {
        let name = &self.channel.as_ref().expect("a channel").name;
        let args = json!({ "name": name, "msg": text });
        self.call("channel_sendmsg", args);
    }

    pub(crate) fn set_attr(&mut self, channel: &str, name: &str, value: Value) {
        self.call(
            "channel_set_attr",
            json!({ "channel": channel, "name": name, "value": value }),
        );
    }

    pub(crate) fn voip(&mut self, function: &'static str, channel: &str, peer: &str, extra: &str) {
        if function == "voip_invite" {
            self.calls.insert(format!("{channel}{peer}"));
        }
        self.call(
            function,
            json!({ "channelName": channel, "peer": peer, "extra": extra }),
        );
    }

    pub(crate) fn invite(&mut self, channel: &str, peer: &str, extra: &str) {
        self.voip("voip_invite", channel, peer, extra);
    }

    fn tell(&mut self, line: String) {
        self.told.push(line);
    }

    fn break_down(&mut self, why: &str) {
        self.broken.get_or_insert_with(|| why.to_owned());
    }

    pub(crate) fn frame(&mut self, text: &str, now: Duration) {
        let frame: Value = serde_json::from_str(text).expect("every frame is JSON");
        let (event, payload) = (frame[0].as_str().expect("an event"), &frame[1]);
        match (event, self.state) {
            ("login_ret", State::SigningIn) => self.login_ret(payload, now),
            // Section 4: the Python client takes any frame for the login's answer.
            (_, State::SigningIn) if self.generation == Py => {
                self.break_down("a frame before login_ret")
            }
            ("call2-ret", _) => self.call_ret(payload, now),
            ("notify", State::In) => self.notify(payload, now),
            // Section 5: the Python client logs out when the numbers drift apart.
            ("pong", _)
                if self.generation == Py
                    && self.pings - payload.as_i64().expect("a number") > 3 =>
            {
                self.break_down("a pong with a wrong number");
            }
            ("pong", _) => self.pongs.push(payload.clone()),
            ("close", _) => self.close_frame(),
            ("kick", _) if self.generation == V14 => {
                self.state = State::Out;
                self.tell("onLogout(103)".to_owned());
            }
            _ => {}
        }
    }

    fn login_ret(&mut self, payload: &Value, now: Duration) {
        let err = payload[0].as_str().unwrap_or_default();
        let Ok(inner) = serde_json::from_str::<Value>(payload[1].as_str().unwrap_or_default())
        else {
            return self.break_down("login_ret without JSON text: stuck in logging in");
        };
        if err.is_empty() && inner["result"] == "ok" {
            self.state = State::In;
            self.line = inner["line"].as_str().expect("a line").to_owned();
            let uid = inner["uid"].as_i64().expect("a uid");
            self.tell(format!("onLoginSuccess({uid})"));
            if self.generation == V14 {
                self.send(json!(["set_flag", { "binary": 1 }]));
                self.send(json!(["ping", 1]));
            }
            return self.poll(now);
        }
        let reason = if err.is_empty() {
            inner["reason"].as_str().unwrap_or_default()
        } else {
            err
        };
        if reason.is_empty() {
            return self.break_down("a refusal without a reason: stuck in logging in");
        }
        self.state = State::Out;
        let code = match reason {
            _ if self.generation == V11 => 0,
            "kick" => 207,
            "TokenErrorExpired" => 204,
            _ if reason.starts_with("TokenError") => 206,
            _ if reason.starts_with("wrong account") && self.generation == V14 => 209,
            _ => 201,
        };
        if self.generation != Py {
            self.tell(format!("onLoginFailed({code})"));
        } else if err.is_empty() {
            self.break_down("a refusal with an empty slot: KeyError on line");
        }
    }

    fn poll(&mut self, now: Duration) {
        if self.deaf {
            return;
        }
        if self.inbox.busy {
            self.inbox.notified_while_busy = true;
            return;
        }
        self.inbox.busy = true;
        self.inbox.last_poll = now;
        let ver_clear = self.inbox.seen;
        self.call("user_getmsg", json!({ "ver_clear": ver_clear, "max": 30 }));
    }

    /// Section 6: how each client tells success from failure.
    fn call_ret(&mut self, payload: &Value, now: Duration) {
        let id = payload[0].as_i64().expect("an id");
        let Some(function) = self.pending.remove(&id) else {
            return self.break_down("a second reply");
        };
        let slot = payload[1].as_str().unwrap_or_default();
        let inner = serde_json::from_str::<Value>(payload[2].as_str().unwrap_or_default());
        if self.generation == Py && inner.is_err() {
            return self.break_down("a reply without JSON text: logout 104");
        }
        let inner = inner.unwrap_or_default();
        let error = match self.generation {
            _ if !slot.is_empty() => Some(slot.to_owned()),
            V11 => None,
            _ if inner["result"] == "ok" => None,
            Py => Some(inner["reason"].as_str().unwrap_or_default().to_owned()),
            V12 | V13 | V14 => match inner["data"]["result"].as_str() {
                Some(result) => Some(result.to_owned()),
                None => return self.break_down("a failure without data.result"),
            },
        };
        if error.is_some() {
            self.last_code = inner["code"].as_u64();
        }
        self.outcome(function, error, &inner, now);
    }

    fn outcome(
        &mut self,
        function: &'static str,
        error: Option<String>,
        inner: &Value,
        now: Duration,
    ) {
        match (function, error) {
            ("user_getmsg", None) => self.page(inner, now),
            ("user_getmsg", Some(_)) => self.break_down("a poll that failed"),
            ("user_logout", _) => {
                self.state = State::Out;
                self.closes = true;
                self.tell("onLogout(101)".to_owned());
            }
            ("channel_join", None) => {
                if !inner["list"].is_array() || !inner["attrs"].is_object() {
                    return self.break_down("channel_join without list or attrs");
                }
                let users: Vec<_> = (inner["list"].as_array().into_iter().flatten())
                    .map(|user| user[0].as_str().expect("an account").to_owned())
                    .collect();
                self.tell("onChannelJoined()".to_owned());
                self.tell(format!("onChannelUserList({})", users.join(",")));
                for (name, value) in inner["attrs"].as_object().into_iter().flatten() {
                    self.tell(format!("onChannelAttrUpdated({name}, {value}, update)"));
                }
            }
            ("channel_join", Some(error)) => self.tell(format!("onChannelJoinFailed({error})")),
            ("channel_leave", _) => self.tell("onChannelLeaved(0)".to_owned()),
            ("voip_invite", Some(error)) => self.tell(format!("onInviteFailed({error})")),
            ("voip_invite_ack", _) => {}
            (_, Some(error)) => self.tell(format!("{function} failed: {error} {}", inner["code"])),
            ("user_sendmsg" | "channel_sendmsg", None) => {}
            (_, None) if function.starts_with("voip_") || function.starts_with("channel_set") => {}
            (_, None) => {
                let mut shown = inner.clone();
                shown.as_object_mut().expect("an object").remove("result");
                self.tell(format!("{function} -> {shown}"));
            }
        }
    }

    /// Section 8: how each client takes a page of its inbox.
    fn page(&mut self, inner: &Value, now: Duration) {
        let (Some(ver_clear), Some(msgs)) = (inner["ver_clear"].as_u64(), inner["msgs"].as_array())
        else {
            return self.break_down("a poll's answer without ver_clear or msgs: never polls again");
        };
        self.last_page = msgs.len();
        let careful = matches!(self.generation, V13 | V14);
        self.inbox.acked = ver_clear;
        self.inbox.seen = if careful {
            self.inbox.seen.max(ver_clear)
        } else {
            ver_clear
        };
        for msg in msgs {
            let ver = msg[0].as_u64().expect("a version that is a number");
            if careful && ver <= self.inbox.seen {
                continue;
            }
            self.inbox.seen = ver;
            self.inbox.last_activity = now;
            self.envelope(msg[1].as_str().expect("an envelope"), None);
        }
        self.inbox.busy = false;
        let again = std::mem::take(&mut self.inbox.notified_while_busy);
        if again && !msgs.is_empty() {
            self.poll(now);
        }
    }

    fn notify(&mut self, payload: &Value, now: Duration) {
        match payload[0].as_str() {
            Some("msg") => self.poll(now),
            Some("channel2") => {
                let msgid = payload[2].as_u64().expect("a msgid that is a number");
                let Some(channel) = &mut self.channel else {
                    // Section 9: the web clients throw, the Python client raises.
                    return self.break_down("channel2 without a channel");
                };
                if msgid > channel.last_msgid {
                    channel.last_msgid = msgid;
                    self.envelope(payload[3].as_str().expect("an envelope"), Some(()));
                }
            }
            _ => {}
        }
    }

    fn envelope(&mut self, line: &str, channel: Option<()>) {
        let fields: Vec<&str> = line.splitn(7, ' ').collect();
        let [form, source, _, _, kind, _, content] = fields[..] else {
            return self.break_down("an envelope with too few fields");
        };
        if form != "msg-v2" && self.generation < V13 {
            return self.break_down("an envelope of another form");
        }
        if kind == "instant" {
            return self.tell(format!("onMessageInstantReceive({source}, 0, {content})"));
        }
        let Ok(content) = serde_json::from_str::<Value>(content) else {
            return self.break_down("content that is not JSON");
        };
        match channel {
            Some(()) => self.channel_event(kind, &content),
            None => self.voip_event(kind, &content),
        }
    }

    fn channel_event(&mut self, kind: &str, content: &Value) {
        let text = |name: &str| content[name].as_str().map(str::to_owned);
        let (Some(_), Some(account), Some(uid)) =
            (text("channel"), text("account"), content["uid"].as_i64())
        else {
            return self.break_down("a channel event without its fields");
        };
        self.tell(match kind {
            "channel_msg" => format!(
                "onMessageChannelReceive({account}, {uid}, {})",
                text("msg").expect("a msg")
            ),
            "channel_user_join" => format!("onChannelUserJoined({account}, {uid})"),
            "channel_user_leave" => format!("onChannelUserLeaved({account}, {uid})"),
            "channel_attr_update" => {
                let name = text("name").expect("a name");
                let kind = text("type").expect("a type");
                format!("onChannelAttrUpdated({name}, {}, {kind})", content["value"])
            }
            _ => return self.break_down("a channel event of an unknown kind"),
        });
    }

    /// Section 10: the callbacks of a call, which a client finds by channel and peer glued together.
    fn voip_event(&mut self, kind: &str, content: &Value) {
        let text = |name: &str| content[name].as_str().map(str::to_owned);
        let (Some(channel), Some(peer), Some(extra)) =
            (text("channel"), text("peer"), text("extra"))
        else {
            return self.break_down("a call's event without its fields");
        };
        if content.get("peeruid").is_none() {
            return self.break_down("a call's event without peeruid");
        }
        let key = format!("{channel}{peer}");
        if kind == "voip_invite" {
            self.calls.insert(key);
            // 1.3.0 and older show the callee peeruid in the place of extra.
            let shown = if self.generation < V14 {
                content["peeruid"].to_string()
            } else {
                extra
            };
            if self.acks {
                let args = json!({ "channelName": channel, "peer": peer, "extra": "" });
                self.call("voip_invite_ack", args);
            }
            return self.tell(format!("onInviteReceived({channel}, {peer}, {shown})"));
        }
        if !self.calls.contains(&key) {
            if self.generation == Py {
                self.break_down("an event of an unknown call: KeyError");
            }
            return;
        }
        let callback = match kind {
            "voip_invite_ack" => "onInviteReceivedByPeer",
            "voip_invite_accept" => "onInviteAcceptedByPeer",
            "voip_invite_refuse" => "onInviteRefusedByPeer",
            "voip_invite_msg" => "onInviteMsg",
            "voip_invite_bye" => "onInviteEndByPeer",
            "voip_invite_failed" => "onInviteFailed",
            _ => return self.break_down("a call's event of an unknown kind"),
        };
        self.tell(format!("{callback}({extra})"));
    }

    /// Section 11, the row of `close`.
    fn close_frame(&mut self) {
        if self.state == State::Out {
            self.closes = true;
            return;
        }
        let was_in = self.state == State::In;
        self.state = State::Out;
        self.closes = true;
        match self.generation {
            V14 if was_in => self.tell("onLogout(102)".to_owned()),
            V14 => self.tell("onLoginFailed(201)".to_owned()),
            V11 | V12 | V13 => self.tell("onLogout(0)".to_owned()),
            Py => {}
        }
    }

    /// Section 11, the row of a socket that is closed or lost.
    pub(crate) fn closed(&mut self, now: Duration) {
        self.link = None;
        if self.state != State::In {
            return;
        }
        self.state = State::Out;
        match self.generation {
            V11 | V12 => self.tell("onLogout(0)".to_owned()),
            V13 => self.break_down("the socket closed without a close frame: never learns of it"),
            V14 => self.reconnect_at = Some(now + Duration::from_millis(200)),
            Py => {}
        }
    }

    /// The timers of web clients; whether it reconnects now.
    pub(crate) fn tick(&mut self, now: Duration) -> bool {
        if self.reconnect_at.is_some_and(|at| at <= now) {
            self.reconnect_at = None;
            return true;
        }
        if self.state != State::In || self.silent {
            return false;
        }
        if now >= self.pinged_at + Duration::from_secs(10) {
            self.pinged_at = now;
            self.send(json!(["ping", self.pings]));
            self.pings += 1;
        }
        if self.generation == Py || self.inbox.busy {
            return false;
        }
        let unacked = self.inbox.seen > self.inbox.acked;
        let second_over = now >= self.inbox.last_activity + Duration::from_secs(1);
        let minute_over = now >= self.inbox.last_poll + Duration::from_secs(60);
        if (unacked && second_over) || minute_over {
            self.poll(now);
        }
        false
    }
}
