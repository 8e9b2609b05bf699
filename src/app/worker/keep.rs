//! The history on this computer: does what the state asks of it, in order, on the store's own threads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Out;
use super::files::in_home;
use super::folder::{Folder, FolderError, OpenedFolder};
use crate::app::kept::{Overview, Page, StoreEffect, StoreMsg};
use crate::app::msg::{Identity, Msg};
use crate::app::state::{CALL_INTERRUPTED, CallNo, ConversationId};
use crate::store::{
    CallRow, Message, MessageRow, NewCall, NewMessage, OpenError, Opened, Outcome, Place, Put,
    SetAside, Store, StoreError, Window,
};

/// Calls that a start shows.
const CALLS: usize = 1000;
/// Messages of a page.
const PAGE: usize = 200;

/// What the task works with.
pub(super) struct Desk {
    /// None if it cannot be opened; then nothing is kept.
    folder: Option<Folder>,
    /// The history of the account that is in, if it is open.
    store: Option<Store>,
    out: Out,
    /// Calls that began and are not over: as many as go on at a time.
    calls: BTreeMap<CallNo, CallRow>,
    /// How many messages could not be kept, and have a number of ours.
    unkept: i64,
}

impl Desk {
    pub(super) async fn open(dir: PathBuf, out: Out) -> Self {
        let (folder, trouble) = match Folder::open(dir).await {
            Ok(OpenedFolder { folder, set_aside }) => (Some(folder), set_aside.as_ref().map(aside)),
            Err(error) => {
                tracing::warn!(%error, "the profile cannot be opened");
                (None, Some(no_folder(&error)))
            }
        };
        let settings = folder.as_ref().map(|folder| folder.settings().clone());
        let desk = Self {
            folder,
            store: None,
            out,
            calls: BTreeMap::new(),
            unkept: 0,
        };
        let opened = StoreMsg::Opened(settings.unwrap_or_default(), trouble);
        desk.say(opened).await;
        desk
    }

    /// Opens the history of an account, after that of another is closed.
    async fn account(&mut self, of: Option<Identity>) -> Option<StoreMsg> {
        self.leave().await;
        let of = of?;
        let mut trouble = None;
        // What was said of a profile that cannot be opened holds for its histories.
        if let Some(folder) = &mut self.folder {
            let path = folder.history(&of).await;
            match opened(&path).await {
                Ok(Opened { store, set_aside }) => {
                    self.store = Some(store);
                    let me = of.account.clone();
                    self.ask(async |store| store.end_open_calls(me, CALL_INTERRUPTED).await)
                        .await;
                    trouble = set_aside.as_ref().map(aside);
                }
                Err(error) => {
                    tracing::warn!(%error, "the history cannot be opened");
                    trouble = Some(unopened(&error));
                }
            }
        }
        let mut overview = Box::new(self.overview().await);
        if let Some(folder) = &self.folder {
            overview.settings.clone_from(folder.settings());
        }
        Some(StoreMsg::Account(overview, trouble))
    }

    /// Closes the history, when all that was asked of it is done.
    pub(super) async fn leave(&mut self) {
        self.calls.clear();
        if let Some(store) = self.store.take() {
            store.close().await;
        }
    }

    fn set(&mut self, name: String, value: Option<serde_json::Value>) -> Option<StoreMsg> {
        let set = self.folder.as_mut()?.set(name, value);
        set.err().map(|error| {
            tracing::warn!(%error, "a setting was not kept");
            StoreMsg::Trouble(format!(
                "A setting could not be kept: {}. Is the disk full?",
                chain(&error)
            ))
        })
    }

    async fn say(&self, msg: StoreMsg) {
        self.out.say(Msg::Store(msg)).await;
    }

    pub(super) async fn perform(&mut self, effect: StoreEffect) {
        let answer = match effect {
            StoreEffect::Account(of) => self.account(of).await,
            StoreEffect::Put(message) => Some(self.put(*message).await),
            StoreEffect::Fill(of, page) => self.fill(of, page).await,
            StoreEffect::Sent(row, at) => self.changed(async |of| of.sent(row, at).await).await,
            StoreEffect::Refused(row, code, why) => {
                self.changed(async |of| of.failed(row, code, why).await)
                    .await
            }
            StoreEffect::Retry(row) => self.changed(async |of| of.retry(row).await).await,
            StoreEffect::Receipt {
                conversation,
                me,
                ids,
                receipt,
            } => {
                let done = self.ask(async |of| of.receipt(conversation, me, ids, receipt).await);
                done.await.map(StoreMsg::Changed)
            }
            StoreEffect::Load(of, page) => self.load(of, page).await,
            StoreEffect::MarkRead(of) => self.mark_read(of).await,
            StoreEffect::Begin(of, now) => {
                self.tell(async |store| store.begin_conversation(of, now).await)
                    .await
            }
            // With each key: what costs a fraction of a millisecond need not wait, and nothing that is typed is lost.
            StoreEffect::Draft(of, text, now) => {
                let written = self.ask(async |store| store.set_draft(of, text, now).await);
                written.await.and(None)
            }
            StoreEffect::Mute(of, muted, now) => {
                self.tell(async |store| store.set_muted(of, muted, now).await)
                    .await
            }
            StoreEffect::Delete(row) => {
                let done = self.ask(async |store| store.delete_message(row).await);
                done.await.and(None)
            }
            StoreEffect::Erase(of) => {
                self.tell(async |store| store.erase_conversation(of).await)
                    .await
            }
            StoreEffect::Remove(of) => {
                self.tell(async |store| store.remove_conversation(of).await)
                    .await
            }
            StoreEffect::Search {
                no,
                query,
                within,
                before,
            } => self.search(no, query, within, before),
            StoreEffect::Export {
                conversation,
                format,
                path,
            } => self.export(conversation, format, path),
            StoreEffect::Room(room) => self.tell(async |store| store.put_room(room).await).await,
            StoreEffect::Gap(gap) => self.tell(async |store| store.put_gap(gap).await).await,
            StoreEffect::Whole(room) => self.tell(async |store| store.close_gap(room).await).await,
            StoreEffect::Setting(name, value) => self.set(name, value),
            StoreEffect::CallBegan(no, call) => self.call_began(no, *call).await,
            StoreEffect::CallAnswered(no, now) => self.call_answered(no, now).await,
            StoreEffect::CallEnded(no, now, how) => self.call_ended(no, now, how).await,
            StoreEffect::CallGone(no) => self.call_gone(no).await,
            StoreEffect::CallMissed(call, now) => {
                let done = self.ask(async |store| store.call_missed(*call, now).await);
                done.await.and(None)
            }
            StoreEffect::CallsSeen => self.tell(async |store| store.calls_seen().await).await,
            StoreEffect::Person(person) => {
                self.tell(async |store| store.put_person(person).await)
                    .await
            }
            StoreEffect::NoPerson(account) => {
                let done = self.ask(async |store| store.remove_person(account).await);
                done.await.and(None)
            }
        };
        if let Some(answer) = answer {
            self.say(answer).await;
        }
    }

    /// Asks the history, and says so if that fails. Without a history nothing is there, and that has been said.
    async fn ask<T>(
        &self,
        question: impl AsyncFnOnce(&Store) -> Result<T, StoreError>,
    ) -> Option<T> {
        match question(self.store.as_ref()?).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "the history failed");
                self.say(StoreMsg::Trouble(failed(&error))).await;
                None
            }
        }
    }

    async fn tell(
        &self,
        change: impl AsyncFnOnce(&Store) -> Result<(), StoreError>,
    ) -> Option<StoreMsg> {
        self.ask(change).await.and(None)
    }

    async fn changed(
        &self,
        change: impl AsyncFnOnce(&Store) -> Result<Option<Message>, StoreError>,
    ) -> Option<StoreMsg> {
        let changed = self.ask(change).await??;
        Some(StoreMsg::Changed(vec![changed]))
    }

    async fn overview(&self) -> Overview {
        let asked = self.ask(async |store| {
            Ok(Overview {
                settings: BTreeMap::new(),
                conversations: store.conversations().await?,
                rooms: store.rooms().await?,
                gaps: store.gaps().await?,
                outbox: store.outbox().await?,
                people: store.people().await?,
                calls: store.calls(None, CALLS).await?,
            })
        });
        asked.await.unwrap_or_default()
    }

    async fn call_began(&mut self, no: CallNo, call: NewCall) -> Option<StoreMsg> {
        let row = self.ask(async |store| store.call_started(call).await);
        let row = row.await?;
        self.calls.insert(no, row);
        None
    }

    async fn call_answered(&self, no: CallNo, now_ms: u64) -> Option<StoreMsg> {
        let row = *self.calls.get(&no)?;
        let done = self.ask(async |store| store.call_answered(row, now_ms).await);
        done.await.and(None)
    }

    async fn call_ended(&mut self, no: CallNo, now_ms: u64, how: Outcome) -> Option<StoreMsg> {
        let row = self.calls.remove(&no)?;
        let done = self.ask(async |store| store.call_ended(row, now_ms, how).await);
        done.await.and(None)
    }

    async fn call_gone(&mut self, no: CallNo) -> Option<StoreMsg> {
        let row = self.calls.remove(&no)?;
        let done = self.ask(async |store| store.delete_call(row).await);
        done.await.and(None)
    }

    async fn put(&mut self, message: NewMessage) -> StoreMsg {
        let kept = {
            let message = message.clone();
            self.ask(async |store| store.put_message(message).await)
                .await
        };
        StoreMsg::Kept(match kept {
            Some(put) => put,
            None => Put::New(self.unkept(message)),
        })
    }

    /// A message that is shown, though it is kept nowhere.
    fn unkept(&mut self, content: NewMessage) -> Message {
        self.unkept -= 1;
        Message {
            row: MessageRow(self.unkept),
            place: Place::at(content.server_ms.unwrap_or(content.local_ms)),
            content,
        }
    }

    async fn fill(&self, of: ConversationId, page: Vec<NewMessage>) -> Option<StoreMsg> {
        let put = self.ask(async |store| store.put_messages(page).await);
        Some(match put.await {
            Some(puts) => StoreMsg::Filled(of, puts),
            None => StoreMsg::NotFilled(of),
        })
    }

    async fn load(&self, of: ConversationId, page: Page) -> Option<StoreMsg> {
        let name = of.clone();
        let window = self.ask(async |store| match page {
            Page::Latest => store.latest(name, PAGE).await,
            Page::Before(place) => store.before(name, place, PAGE).await,
            Page::After(place) => store.after(name, place, PAGE).await,
            Page::Around(row) => Ok(store.around(row, PAGE).await?.unwrap_or_default()),
            Page::At(time_ms) => store.at_time(name, time_ms, PAGE).await,
        });
        let window: Window = window.await.unwrap_or_default();
        Some(StoreMsg::Page(of, page, window))
    }

    async fn mark_read(&self, of: ConversationId) -> Option<StoreMsg> {
        let name = of.clone();
        let read = self.ask(async |store| store.mark_read(name, Place::LAST).await);
        let read = read.await.filter(|read| !read.is_empty())?;
        Some(StoreMsg::Read(of, read))
    }

    fn search(
        &self,
        no: u64,
        query: String,
        within: Option<ConversationId>,
        before: Place,
    ) -> Option<StoreMsg> {
        let store = self.store.clone()?;
        let out = self.out.clone();
        tokio::spawn(async move {
            let msg = match store.search(&query, within, before, PAGE / 4).await {
                Ok(found) => StoreMsg::Found(no, found),
                Err(error) => StoreMsg::Trouble(failed(&error)),
            };
            out.say(Msg::Store(msg)).await;
        });
        None
    }

    fn export(
        &self,
        conversation: ConversationId,
        format: crate::store::Format,
        path: PathBuf,
    ) -> Option<StoreMsg> {
        let store = self.store.clone()?;
        let (out, path) = (self.out.clone(), in_home(path));
        tokio::spawn(async move {
            let exported = store.export(Some(conversation), format, &path).await;
            let exported = exported.map_err(|error| {
                format!(
                    "{} was not written: {}. Choose another place, then try again.",
                    path.display(),
                    chain(&error)
                )
            });
            out.say(Msg::Store(StoreMsg::Exported(exported))).await;
        });
        None
    }
}

/// Opens a history, on a thread that may wait for the disk.
pub(super) async fn opened(path: &Path) -> Result<Opened, OpenError> {
    let path: Arc<Path> = path.into();
    let at = Arc::clone(&path);
    let opened = tokio::task::spawn_blocking(move || Store::open(&at)).await;
    // It has told of its own panic already.
    opened.unwrap_or_else(|error| {
        Err(OpenError::File {
            path: path.to_path_buf(),
            source: std::io::Error::other(error),
        })
    })
}

fn no_folder(error: &FolderError) -> String {
    match error {
        FolderError::InUse => IN_USE.to_owned(),
        FolderError::History(error) => unopened(error),
        FolderError::File { .. } | FolderError::Unreadable(_) => format!(
            "Your profile cannot be opened, and nothing is kept: {}. Free the disk or the folder, then start again.",
            chain(error)
        ),
    }
}

const IN_USE: &str = "Another Callsign has this profile open. Close it, then start again; until then nothing is kept.";

fn unopened(error: &OpenError) -> String {
    match error {
        OpenError::InUse { .. } => IN_USE.to_owned(),
        OpenError::Later { .. } => {
            "A later version of Callsign wrote this history. Start that one; until then nothing is kept."
                .to_owned()
        }
        OpenError::File { .. } | OpenError::Database { .. } | OpenError::Thread(_) => format!(
            "Your history cannot be opened, and nothing is kept: {}. Free the disk or the folder, then start again.",
            chain(error)
        ),
    }
}

fn aside(aside: &SetAside) -> String {
    let to = aside.to.display();
    format!("Your history was damaged. It was put aside as {to}, and a new one has begun.")
}

fn failed(error: &StoreError) -> String {
    format!(
        "Your history could not be kept or read: {}. Is the disk full? What you see is not lost while Callsign runs.",
        chain(error)
    )
}

/// An error and all that led to it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
