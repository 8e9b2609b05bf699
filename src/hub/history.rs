//! What is said in channels with lasting members is kept, and given back when they ask (protocol page, section 18, `history`).
//!
//! While a channel has a lasting member each of its messages goes to the store before it is answered. Only their numbers stay in
//! memory, so pages are read by whoever drives the hub: [`Output::Query`] asks, [`super::Input::History`] answers.

use std::collections::HashMap;
use std::time::Duration;

use crate::protocol::{
    Account, Addition, AppId, CallId, CallRet, Cap, ChannelEvent, ChannelName, Code, Envelope,
    EnvelopeKind, EnvelopeVersion, Failure, MessageId, Reply, Request, ServerFrame, Uid, limits,
};

use super::app::App;
use super::cx::{Answer, Cx, fail};
use super::links::Link;
use super::messages::millis;
use super::timers::Timer;
use super::{Effects, Hub, LinkId, Output, StoreOp};

/// A message of a channel that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelMessage {
    /// The app.
    pub app: AppId,
    /// Where it was said.
    pub channel: ChannelName,
    /// The number of its event; rises over all channels of an app.
    pub msgid: u64,
    /// Who said it.
    pub sender: Account,
    /// The sender's number, as it was shown.
    pub uid: Uid,
    /// Its id.
    pub id: MessageId,
    /// When it was accepted, in ms since the Unix epoch.
    pub sent_ms: u64,
    /// The text.
    pub text: String,
}

/// A question for kept messages: the latest `max` of those that it describes, newest first, and whether there are more. What
/// was to be kept before it stands in the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Its number, which the answer repeats.
    pub number: u64,
    /// The app.
    pub app: AppId,
    /// Of which channel.
    pub channel: ChannelName,
    /// Not below this number, ...
    pub from: u64,
    /// ... only below this one, if any, ...
    pub before: Option<u64>,
    /// ... and sent after this, in ms since the Unix epoch.
    pub since_ms: u64,
    /// How many; at least 1. Fewer, if they have more than [`limits::HISTORY_PAGE_BYTES`] together.
    pub max: usize,
}

/// What a question for kept messages is answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    /// Newest first.
    pub messages: Vec<ChannelMessage>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Why kept messages were not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Too many questions wait.
    #[error("too much is asked for now; ask again")]
    Busy,
    /// The store does not give them.
    #[error("the history cannot be read")]
    Unreadable,
}

/// What came of a call.
pub(super) enum Outcome {
    /// Its answer.
    Now(Answer),
    /// The store is asked, and the answer follows.
    Later(HistoryQuery),
}

/// A call that waits for the store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    link: LinkId,
    call: CallId,
    v3: bool,
}

/// The calls that wait for the store, by the numbers of their questions. Each question is answered once, so it is no longer
/// than the queue of whoever reads.
#[derive(Debug, Default)]
pub(super) struct Asking {
    asked: HashMap<u64, Asked>,
    last: u64,
}

impl Hub {
    /// Asks the store for what a call wants.
    pub(super) fn ask(
        &mut self,
        link: LinkId,
        call: CallId,
        query: HistoryQuery,
        effects: &mut Effects,
    ) {
        let app = self.apps.get(&query.app);
        let v3 = match self.links.get(link) {
            Some(Link::SignedIn { account, .. }) => {
                app.is_some_and(|app| app.has_cap(account, Cap::V3))
            }
            Some(Link::Waiting { .. } | Link::Postponed { .. } | Link::Closing) | None => false,
        };
        self.asking.last += 1;
        let number = self.asking.last;
        self.asking.asked.insert(number, Asked { link, call, v3 });
        let query = HistoryQuery { number, ..query };
        effects.1.push(Output::Query(query));
    }

    /// The store has answered. Whoever asked on a link that is gone asks again on the next.
    pub(super) fn history_read(
        &mut self,
        query: u64,
        page: Result<HistoryPage, HistoryError>,
        effects: &mut Effects,
    ) {
        let Some(Asked { link, call, v3 }) = self.asking.asked.remove(&query) else {
            return;
        };
        if !matches!(self.links.get(link), Some(Link::SignedIn { .. })) {
            return;
        }
        let result = match page {
            Ok(HistoryPage { messages, more }) => {
                let messages = messages.into_iter();
                let msgs = messages.map(|message| (message.msgid, envelope(message, v3)));
                let msgs = msgs.collect();
                Ok(Reply::History { msgs, more })
            }
            Err(error) => fail(Code::QueryUserNumOther, error.to_string()),
        };
        let frame = ServerFrame::CallRet(CallRet { id: call, result });
        effects.1.push(Output::Send { link, frame });
    }
}

/// A message as its members were told it.
fn envelope(message: ChannelMessage, v3: bool) -> Envelope {
    let event = ChannelEvent::Msg {
        channel: message.channel,
        account: message.sender.clone(),
        uid: message.uid,
        msg: message.text,
    };
    Envelope {
        version: if v3 {
            EnvelopeVersion::V3 { id: message.id }
        } else {
            EnvelopeVersion::V2
        },
        source: message.sender,
        destination: None,
        ttl_s: 0,
        kind: EnvelopeKind::ChannelMsg,
        sent_ms: message.sent_ms,
        content: event.to_content(),
    }
}

impl App {
    /// Answers a request, or says what the store is to be asked for it.
    pub(super) fn outcome(
        &mut self,
        cx: &mut Cx<'_>,
        from: &Account,
        id: CallId,
        request: Request,
    ) -> Outcome {
        if let Request::Addition(Addition::ChannelHistory { name, before, max }) = request {
            let asked = self.channel_history(cx, from, name, before, max);
            return asked.unwrap_or_else(|failure| Outcome::Now(Err(failure)));
        }
        Outcome::Now(self.request_once(cx, from, id, request))
    }

    fn channel_history(
        &mut self,
        cx: &Cx<'_>,
        from: &Account,
        name: ChannelName,
        before: Option<u64>,
        max: usize,
    ) -> Result<Outcome, Failure> {
        if !self.has_cap(from, Cap::History) {
            return fail(Code::GeneralUnknown, "unknown function channel_history");
        }
        let max = max.clamp(1, limits::HISTORY_PAGE);
        let cost = 1 + max / limits::HISTORY_PER_QUERY;
        self.limited_costly(cx, from, u32::try_from(cost).unwrap_or(u32::MAX))?;
        let channel = self.channels.get(&name);
        let Some(channel) =
            channel.filter(|channel| channel.has(from) || channel.lasting.has(from))
        else {
            let reason = format!("only members of {name} are told what was said there");
            return fail(Code::JoinChannelOther, reason);
        };
        let Some(first) = channel.lasting.kept.first() else {
            let (msgs, more) = (Vec::new(), false);
            return Ok(Outcome::Now(Ok(Reply::History { msgs, more })));
        };
        Ok(Outcome::Later(HistoryQuery {
            number: 0,
            app: self.id.clone(),
            channel: name,
            from: first,
            before,
            since_ms: kept_since(cx),
            max,
        }))
    }

    /// Keeps a message, if the channel has a lasting member. Any other channel costs nothing and keeps nothing.
    pub(super) fn keep_said(
        &mut self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        msgid: u64,
        id: MessageId,
        event: ChannelEvent,
    ) {
        let Some(channel) = self.channels.get_mut(name) else {
            return;
        };
        if !channel.lasting.has_members() || !keeps(cx) {
            return;
        }
        let ChannelEvent::Msg {
            account, uid, msg, ..
        } = event
        else {
            return;
        };
        let kept = &mut channel.lasting.kept;
        kept.push(msgid, cx.now.unix_ms);
        cx.totals.kept += 1;
        cx.store(StoreOp::PutChannelMessage(ChannelMessage {
            app: self.id.clone(),
            channel: name.clone(),
            msgid,
            sender: account,
            uid,
            id,
            sent_ms: cx.now.unix_ms,
            text: msg,
        }));
        let mut most = cx.limits.history as usize;
        if cx.totals.kept > limits::ALL_HISTORY {
            most = most.min(kept.len() - 1).max(1);
        }
        let before = kept.len();
        let gone = kept.trim(most);
        let less = before - kept.len();
        self.history_gone(cx, name, gone, less);
        self.watch_history(cx);
    }

    /// The store forgets messages of a channel that are no longer counted here.
    pub(super) fn history_gone(
        &self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        up_to: Option<u64>,
        messages: usize,
    ) {
        cx.totals.kept -= messages;
        if let Some(up_to) = up_to {
            cx.store(StoreOp::TrimHistory {
                app: self.id.clone(),
                channel: name.clone(),
                up_to,
            });
        }
    }

    /// A channel is no more, and what was said there neither.
    pub(super) fn forget_history(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        if let Some(channel) = self.channels.get_mut(name) {
            let kept = &mut channel.lasting.kept;
            let less = kept.len();
            let gone = kept.trim(0);
            self.history_gone(cx, name, gone, less);
        }
    }

    /// Looks now and then for messages that have been kept long enough, while there are any.
    pub(super) fn watch_history(&self, cx: &mut Cx<'_>) {
        let at = cx.instant() + limits::HISTORY_SWEEP;
        let timer = Timer::HistoryExpires(self.id.clone());
        cx.timers.set_earlier(at, timer);
    }

    pub(super) fn history_expires(&mut self, cx: &mut Cx<'_>) {
        let since_ms = kept_since(cx);
        let channels = self.channels.iter();
        let mut names: Vec<_> = channels
            .filter(|(_, channel)| channel.lasting.kept.len() > 0)
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        for name in &names {
            if let Some(channel) = self.channels.get_mut(name) {
                let kept = &mut channel.lasting.kept;
                let before = kept.len();
                let gone = kept.expire(since_ms);
                let less = before - kept.len();
                self.history_gone(cx, name, gone, less);
            }
        }
        if !names.is_empty() {
            self.watch_history(cx);
        }
    }
}

/// Whether messages of channels are kept at all.
pub(super) fn keeps(cx: &Cx<'_>) -> bool {
    cx.limits.history > 0 && cx.limits.history_days > 0
}

/// What was sent before is over, in ms since the Unix epoch.
pub(super) fn kept_since(cx: &Cx<'_>) -> u64 {
    let days = Duration::from_secs(24 * 3600 * u64::from(cx.limits.history_days));
    cx.now.unix_ms.saturating_sub(millis(days))
}
