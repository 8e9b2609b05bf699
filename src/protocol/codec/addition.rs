//! The functions and notifications beyond 1.x (protocol page, section 18).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::args::{Args, CallError, wrong};
use crate::protocol::{
    Account, Addition, AttrChanged, AttrEntry, AttrName, AttrSubject, ChannelName, ReceiptState,
    Show, Typing, TypingTo, WatchedChange, limits,
};

/// Reads a function and its arguments; `None` if there is no such function.
pub(super) fn decode(function: &str, args: &Args<'_>) -> Result<Option<Addition>, CallError> {
    let accounts = |argument| args.names(argument, limits::ACCOUNTS_PER_CALL);
    Ok(Some(match function {
        "presence_watch" => Addition::PresenceWatch {
            accounts: accounts("accounts")?,
        },
        "presence_unwatch" => Addition::PresenceUnwatch {
            accounts: accounts("accounts")?,
        },
        "presence_set" => Addition::PresenceSet {
            show: show(args)?,
            text: args.sized_or_empty("text", limits::PRESENCE_TEXT_BYTES)?,
            except: if args.has("except") {
                accounts("except")?
            } else {
                Vec::new()
            },
        },
        "user_receipt" => Addition::UserReceipt {
            peer: args.name("peer")?,
            ids: args.names("ids", limits::RECEIPT_IDS)?,
            state: match args.text("state")?.as_str() {
                "delivered" => ReceiptState::Delivered,
                "read" => ReceiptState::Read,
                _ => return Err(wrong("state", "must be delivered or read")),
            },
        },
        "user_typing" => Addition::UserTyping(if args.has("peer") {
            TypingTo::Peer(args.name("peer")?)
        } else {
            TypingTo::Channel(args.name("name")?)
        }),
        "user_del_attr" => Addition::UserDelAttr {
            name: args.name("name")?,
        },
        "user_clear_attr" => Addition::UserClearAttr,
        "attr_watch" => Addition::AttrWatch(subject(args)?),
        "attr_unwatch" => Addition::AttrUnwatch(subject(args)?),
        "channel_history" => Addition::ChannelHistory {
            name: args.name("name")?,
            before: args
                .has("before")
                .then(|| args.number("before"))
                .transpose()?,
            max: args.count("max", limits::HISTORY_PAGE)?,
        },
        "user_block" => Addition::UserBlock {
            accounts: accounts("accounts")?,
        },
        "user_unblock" => Addition::UserUnblock {
            accounts: accounts("accounts")?,
        },
        _ => return Ok(None),
    }))
}

fn show(args: &Args<'_>) -> Result<Show, CallError> {
    let name = args.text("show")?;
    let show = Show::SETTABLE.into_iter().find(|show| show.name() == name);
    show.ok_or_else(|| wrong("show", "must be available, away, busy or dnd"))
}

fn subject(args: &Args<'_>) -> Result<AttrSubject, CallError> {
    if args.has("account") {
        args.name("account").map(AttrSubject::Account)
    } else {
        args.name("channel").map(AttrSubject::Channel)
    }
}

/// Writes the arguments.
pub(super) fn encode(addition: &Addition) -> Value {
    match addition {
        Addition::PresenceWatch { accounts }
        | Addition::PresenceUnwatch { accounts }
        | Addition::UserBlock { accounts }
        | Addition::UserUnblock { accounts } => json!({ "accounts": accounts }),
        Addition::PresenceSet { show, text, except } => {
            let mut args = json!({ "show": show, "text": text });
            if !except.is_empty() {
                args["except"] = json!(except);
            }
            args
        }
        Addition::UserReceipt { peer, ids, state } => {
            json!({ "peer": peer, "ids": ids, "state": state })
        }
        Addition::UserTyping(TypingTo::Peer(peer)) => json!({ "peer": peer }),
        Addition::UserTyping(TypingTo::Channel(name)) => json!({ "name": name }),
        Addition::UserDelAttr { name } => json!({ "name": name }),
        Addition::UserClearAttr => json!({}),
        Addition::AttrWatch(subject) | Addition::AttrUnwatch(subject) => match subject {
            AttrSubject::Account(account) => json!({ "account": account }),
            AttrSubject::Channel(channel) => json!({ "channel": channel }),
        },
        Addition::ChannelHistory { name, before, max } => {
            let mut args = json!({ "name": name, "max": max });
            if let Some(before) = before {
                args["before"] = json!(before);
            }
            args
        }
    }
}

/// `typing` as it is written: whose peer it is if it is to oneself, and where it is if it is in a channel.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum TypingText {
    InChannel { name: ChannelName, account: Account },
    ToMe { peer: Account },
}

impl From<&Typing> for TypingText {
    fn from(typing: &Typing) -> Self {
        match &typing.channel {
            Some(name) => Self::InChannel {
                name: name.clone(),
                account: typing.account.clone(),
            },
            None => Self::ToMe {
                peer: typing.account.clone(),
            },
        }
    }
}

impl From<TypingText> for Typing {
    fn from(text: TypingText) -> Self {
        match text {
            TypingText::InChannel { name, account } => Self {
                account,
                channel: Some(name),
            },
            TypingText::ToMe { peer } => Self {
                account: peer,
                channel: None,
            },
        }
    }
}

/// `attr` as it is written, in the words of a channel's `channel_attr_update`.
#[derive(Serialize, Deserialize)]
pub(super) struct AttrText {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<Account>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<ChannelName>,
    name: String,
    r#type: String,
    entry: AttrEntry,
}

impl From<&AttrChanged> for AttrText {
    fn from(changed: &AttrChanged) -> Self {
        let (account, channel) = match &changed.subject {
            AttrSubject::Account(account) => (Some(account.clone()), None),
            AttrSubject::Channel(channel) => (None, Some(channel.clone())),
        };
        let (r#type, name, value) = match &changed.change {
            WatchedChange::Update { name, value } => ("update", name.to_string(), value.clone()),
            WatchedChange::Del { name } => ("del", name.to_string(), "".into()),
            WatchedChange::Clear => ("clear", String::new(), "".into()),
        };
        Self {
            account,
            channel,
            name,
            r#type: r#type.to_owned(),
            entry: AttrEntry {
                value,
                time_ms: changed.time_ms,
                by: changed.by.clone(),
            },
        }
    }
}

impl AttrText {
    /// The change, if the text has the form of one.
    pub(super) fn read(self) -> Option<AttrChanged> {
        let subject = match (self.account, self.channel) {
            (Some(account), _) => AttrSubject::Account(account),
            (None, Some(channel)) => AttrSubject::Channel(channel),
            (None, None) => return None,
        };
        let AttrEntry { value, time_ms, by } = self.entry;
        let name = AttrName::try_from(self.name);
        let change = match self.r#type.as_str() {
            "update" => WatchedChange::Update {
                name: name.ok()?,
                value,
            },
            "del" => WatchedChange::Del { name: name.ok()? },
            "clear" => WatchedChange::Clear,
            _ => return None,
        };
        Some(AttrChanged {
            subject,
            change,
            time_ms,
            by,
        })
    }
}
