//! What people and the inspector ask of the session, and files of attributes.

use std::path::Path;

use serde_json::{Map, Value};

use super::files::in_home;
use super::session::{Desk, failure};
use crate::app::effect::{AttrStep, InspectEffect, PersonEffect};
use crate::app::msg::{ContactMsg, Failure, InspectMsg, Msg, RoomMsg};
use crate::app::state::{ConversationId, Query, TOPIC};
use crate::client::Session;
use crate::client::error::{AttrError, QueryError, TypingError};
use crate::protocol::{Account, AttrName, AttrSubject, ChannelName, Uid};

/// The most bytes of a file of attributes: more than a subject can have.
const FILE_BYTES: u64 = 4 << 20;
/// The user attribute that is a display name.
const NAME: &str = "name";

impl Desk {
    /// Says that one is writing; what is said too often is dropped on the way.
    pub(super) fn typing(&mut self, to: ConversationId) {
        let told = |result: Result<(), TypingError>| {
            if let Err(error) = result {
                tracing::debug!(%error, "nobody was told that one is writing");
            }
            None
        };
        match to {
            ConversationId::Person(peer) => self.ask(|of| of.user_typing(&peer), told),
            ConversationId::Room(room) => self.ask(|of| of.channel(&room).user_typing(), told),
        }
    }

    pub(super) fn person(&mut self, effect: PersonEffect) {
        match effect {
            PersonEffect::AskName(account) => self.ask_name(account),
            PersonEffect::AskBlocked => self.ask(
                |session| session.user_block(&[]),
                |result| Some(Msg::Contact(ContactMsg::Blocked(result.ok()?))),
            ),
            PersonEffect::Block(account) => {
                let of = account.clone();
                self.ask(
                    |session| session.user_block(&[account]),
                    |result| Some(Msg::Contact(blocked(of, result))),
                );
            }
            PersonEffect::Unblock(account) => {
                let of = account.clone();
                self.ask(
                    |session| session.user_unblock(&[account]),
                    |result| Some(Msg::Contact(blocked(of, result))),
                );
            }
        }
    }

    fn ask_name(&mut self, account: Account) {
        let Ok(name) = AttrName::try_from(NAME) else {
            return;
        };
        let of = account.clone();
        self.ask(
            |session| session.user_get_attr(&account, &name),
            move |result| {
                let name = result.ok()?.as_str()?.to_owned();
                Some(Msg::Contact(ContactMsg::Named(of, name)))
            },
        );
    }

    pub(super) fn topic(&mut self, room: ChannelName, topic: String) {
        let Ok(name) = AttrName::try_from(TOPIC) else {
            return;
        };
        let of = room.clone();
        let told = move |result: Result<(), AttrError>| {
            let error = result.err()?;
            let failure = failure(error.code(), &error);
            Some(Msg::Room(RoomMsg::NoTopic(of, failure)))
        };
        if topic.is_empty() {
            self.ask(|session| session.channel_del_attr(&room, &name), told);
        } else {
            let topic = Value::String(topic);
            self.ask(
                |session| session.channel_set_attr(&room, &name, topic),
                told,
            );
        }
    }

    pub(super) fn inspect(&mut self, effect: InspectEffect) {
        match effect {
            InspectEffect::Watch(subject) => self.watch_attrs(subject),
            InspectEffect::Unwatch(subject) => {
                self.ask(|session| session.attr_unwatch(&subject), |_| None);
            }
            InspectEffect::Change(subject, step) => self.change(subject, step),
            InspectEffect::Ask(query) => self.query(query),
            InspectEffect::Import(subject, path) => {
                let out = self.out.clone();
                tokio::spawn(async move {
                    let path = in_home(path);
                    let read = read_object(&path).await;
                    let read = read.map_err(|why| {
                        format!(
                            "{}: {why}. Choose another file, then try again.",
                            path.display()
                        )
                    });
                    out.say(Msg::Inspect(InspectMsg::Imported(subject, read)))
                        .await;
                });
            }
        }
    }

    fn watch_attrs(&mut self, subject: AttrSubject) {
        let of = subject.clone();
        self.ask(
            |session| session.attr_watch(&subject),
            move |result| {
                let error = result.err()?;
                let failure = failure(error.code(), &error);
                Some(Msg::Inspect(InspectMsg::NotWatched(of, failure)))
            },
        );
    }

    fn change(&mut self, subject: AttrSubject, step: AttrStep) {
        let of = subject.clone();
        let told = move |result: Result<(), AttrError>| {
            let error = result.err()?;
            let failure = failure(error.code(), &error);
            Some(Msg::Inspect(InspectMsg::NotChanged(of, failure)))
        };
        match (subject, step) {
            (AttrSubject::Account(_), AttrStep::Set(name, value)) => {
                self.ask(|session| session.user_set_attr(&name, value), told);
            }
            (AttrSubject::Account(_), AttrStep::Delete(name)) => {
                self.ask(|session| session.user_del_attr(&name), told);
            }
            (AttrSubject::Account(_), AttrStep::Clear) => {
                self.ask(Session::user_clear_attr, told);
            }
            (AttrSubject::Channel(room), AttrStep::Set(name, value)) => {
                self.ask(
                    |session| session.channel_set_attr(&room, &name, value),
                    told,
                );
            }
            (AttrSubject::Channel(room), AttrStep::Delete(name)) => {
                self.ask(|session| session.channel_del_attr(&room, &name), told);
            }
            (AttrSubject::Channel(room), AttrStep::Clear) => {
                self.ask(|session| session.channel_clear_attr(&room), told);
            }
        }
    }

    fn query(&mut self, query: Query) {
        match query.clone() {
            Query::Status(account) => self.ask(
                |session| session.user_query_user_status(&account),
                |result| answered(query, result, |online| yes(*online, "online", "offline")),
            ),
            Query::UserAttrs(account) => self.ask(
                |session| session.user_get_attr_all(&account),
                |result| {
                    answered(query, result, |attrs| {
                        Value::Object(attrs.clone()).to_string()
                    })
                },
            ),
            Query::Members(room) => self.ask(
                |session| session.channel_query_num(&room),
                |result| answered(query, result, usize::to_string),
            ),
            Query::IsIn(room, account) => self.ask(
                |session| session.channel_query_user_isin(&room, &account),
                |result| answered(query, result, |is_in| yes(*is_in, "in", "not in")),
            ),
            Query::List(room) => self.ask(
                |session| session.channel_query_userlist(&room),
                |result| answered(query, result, list),
            ),
            Query::ListAll(room) => self.ask(
                |session| session.channel_query_userlist_all(&room, None),
                |result| answered(query, result, list),
            ),
        }
    }
}

fn blocked(
    of: Account,
    result: Result<Vec<Account>, crate::client::error::BlockError>,
) -> ContactMsg {
    match result {
        Ok(all) => ContactMsg::Blocked(all),
        Err(error) => ContactMsg::NotBlocked(of, failure(error.code(), &error)),
    }
}

fn answered<T>(
    query: Query,
    result: Result<T, QueryError>,
    words: impl FnOnce(&T) -> String,
) -> Option<Msg> {
    let answer: Result<String, Failure> = match result {
        Ok(answer) => Ok(words(&answer)),
        Err(error) => Err(failure(error.code(), &error)),
    };
    Some(Msg::Inspect(InspectMsg::Answered(query, answer)))
}

fn yes(is: bool, so: &str, not: &str) -> String {
    if is { so } else { not }.to_owned()
}

/// `3: ann, bob, cy`.
fn list((num, users): &(usize, Vec<(Account, Uid)>)) -> String {
    let names: Vec<_> = users.iter().map(|(account, _)| account.as_str()).collect();
    format!("{num}: {}", names.join(", "))
}

async fn read_object(path: &Path) -> Result<Map<String, Value>, String> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        use std::io::Read as _;
        let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
        let mut text = String::new();
        file.take(FILE_BYTES)
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        match serde_json::from_str(&text) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err("it is JSON, but no object of names and values".to_owned()),
            Err(error) => Err(format!("it is not JSON: {error}")),
        }
    });
    read.await.map_err(|error| error.to_string())?
}
