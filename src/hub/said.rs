//! An event of a channel on its way to the members: in the form that each reads, and remembered for those who come back.

use crate::protocol::{
    Account, ChannelEvent, ChannelName, Envelope, EnvelopeKind, EnvelopeVersion, MessageId, Push,
    limits,
};

use super::LinkId;
use super::app::App;
use super::cx::Cx;
use super::ring::Heard;
use super::timers::Timer;

/// What happens in a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) name: &'a ChannelName,
    pub(super) source: &'a Account,
    pub(super) kind: EnvelopeKind,
    pub(super) event: &'a ChannelEvent,
    /// Who is not told: somebody's own coming and going.
    pub(super) except: Option<&'a Account>,
}

impl App {
    /// One event to all members of a channel, perhaps but one.
    pub(super) fn tell_members(
        &mut self,
        cx: &mut Cx<'_>,
        name: &ChannelName,
        source: &Account,
        kind: EnvelopeKind,
        event: &ChannelEvent,
        except: Option<&Account>,
    ) {
        let said = Said {
            name,
            source,
            kind,
            event,
            except,
        };
        self.tell(cx, &said, None);
    }

    /// The same under an id of its sender's; else its number is its id. Returns the number.
    pub(super) fn tell(&mut self, cx: &mut Cx<'_>, said: &Said<'_>, id: Option<MessageId>) -> u64 {
        let msgid = self.next_msgid();
        let Some(channel) = self.channels.get_mut(said.name) else {
            return msgid;
        };
        let audience = channel.audience(said.except);
        let id = id.unwrap_or_else(|| MessageId::numbered(msgid));
        let envelope = Envelope {
            version: EnvelopeVersion::V3 { id },
            source: said.source.clone(),
            destination: None,
            ttl_s: 0,
            kind: said.kind,
            sent_ms: cx.now.unix_ms,
            content: said.event.to_content(),
        };
        let remembered = channel.remember(cx.now.instant, &mut cx.totals.ring_bytes, || Heard {
            msgid,
            envelope: envelope.clone(),
            except: said.except.cloned(),
        });
        if remembered {
            self.watch_ring(cx, said.name);
        }
        if !audience.v3.is_empty() {
            fan(cx, audience.v3, said.name, msgid, envelope.clone());
        }
        let envelope = Envelope {
            version: EnvelopeVersion::V2,
            ..envelope
        };
        fan(cx, audience.v2, said.name, msgid, envelope);
        msgid
    }
}

impl App {
    /// Sees to it that what a channel remembers goes in time.
    fn watch_ring(&self, cx: &mut Cx<'_>, name: &ChannelName) {
        let timer = Timer::RingExpires(self.id.clone(), name.clone());
        let at = cx.now.instant + limits::RING_KEPT;
        cx.timers.set_earlier(at, timer);
    }

    /// What a channel remembers may be too old.
    pub(super) fn ring_expires(&mut self, cx: &mut Cx<'_>, name: &ChannelName) {
        let channel = self.channels.get_mut(name);
        let left = channel
            .is_some_and(|channel| channel.expire_ring(cx.now.instant, &mut cx.totals.ring_bytes));
        if left {
            self.watch_ring(cx, name);
        }
    }
}

fn fan(cx: &mut Cx<'_>, links: Vec<LinkId>, name: &ChannelName, msgid: u64, envelope: Envelope) {
    let push = Push::Channel2 {
        cid: name.clone(),
        msgid,
        envelope,
    };
    cx.fan(links, push);
}
