//! What is asked of the session about others, and told to them: who is there, what was said in rooms, what was read.

use super::session::Desk;
use crate::app::msg::{HeardMessage, HeardPage, Msg, PeopleMsg, RoomMsg};
use crate::protocol::{Account, ChannelName, MessageId, Show, limits};

impl Desk {
    pub(super) fn ask_online(&mut self, account: Account) {
        let of = account.clone();
        self.ask(
            |session| session.user_query_user_status(&account),
            move |result| Some(Msg::People(PeopleMsg::Online(of, result.ok()?))),
        );
    }

    pub(super) fn history(&mut self, room: ChannelName, before: Option<u64>) {
        let of = room.clone();
        self.ask(
            |session| session.channel(&room).history(before, limits::HISTORY_PAGE),
            move |result| {
                let page = match result {
                    Ok(page) => page,
                    Err(error) => {
                        tracing::warn!(%error, "what was said in a room is not known");
                        return Some(Msg::Room(RoomMsg::NotHeard(of, before)));
                    }
                };
                let messages = page.messages.into_iter().map(|message| HeardMessage {
                    event: message.msgid,
                    id: message.id,
                    from: message.account,
                    text: message.msg,
                    at_ms: message.sent_ms,
                });
                let heard = HeardPage {
                    before,
                    messages: messages.collect(),
                    more: page.more,
                };
                Some(Msg::Room(RoomMsg::Heard(of, heard)))
            },
        );
    }

    pub(super) fn tell_read(&mut self, peer: Account, ids: &[MessageId]) {
        self.ask(
            |session| session.receipt_read(&peer, ids),
            |result| {
                if let Err(error) = result {
                    tracing::debug!(%error, "nobody was told what was read");
                }
                None
            },
        );
    }

    pub(super) fn watch(&mut self, accounts: &[Account]) {
        self.ask(
            |session| session.presence_watch(accounts),
            |result| {
                if let Err(error) = result {
                    tracing::warn!(%error, "some presence is not told");
                }
                None
            },
        );
    }

    pub(super) fn show_me(&mut self, show: Show, text: &str) {
        self.ask(
            |session| session.presence_set(show, text, &[]),
            |result| {
                if let Err(error) = result {
                    tracing::warn!(%error, "others do not see how we are");
                }
                None
            },
        );
    }
}
