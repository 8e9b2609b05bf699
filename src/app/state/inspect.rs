//! The attribute inspector: whose attributes are looked at, what they are, how they changed, and what was asked.

mod query;
mod value;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Cx, Purpose};
use crate::app::effect::{AttrStep, Effect, InspectEffect};
use crate::app::msg::{Failure, InspectMsg};
use crate::protocol::{
    Account, AttrChanged, AttrEntries, AttrEntry, AttrName, AttrSubject, WatchedChange,
};

pub(crate) use query::Query;
pub(crate) use value::{may_set, value_of};

/// Changes that are listed. When one more comes, the oldest goes.
pub(crate) const CHANGES: usize = 500;
/// Answers that are listed. When one more comes, the oldest goes.
const ANSWERS: usize = 100;

/// The inspector.
#[derive(Debug)]
pub(crate) struct Inspector {
    me: Account,
    /// Which of its pages is shown.
    pub(crate) tab: Tab,
    subject: AttrSubject,
    /// Whether somebody looks.
    looking: bool,
    /// Whether it is looked at beside a conversation.
    beside: bool,
    known: Known,
    entries: AttrEntries,
    changes: VecDeque<AttrChanged>,
    answers: VecDeque<(Query, Option<Result<String, Failure>>)>,
    trouble: Option<Trouble>,
    note: Option<String>,
}

/// A page of the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The table.
    Attributes,
    /// Questions of the API.
    Queries,
    /// What changed while one looked.
    Changes,
    /// The raw frames of the link.
    Console,
}

impl Tab {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 4] = [
        Self::Attributes,
        Self::Queries,
        Self::Changes,
        Self::Console,
    ];
}

/// What is known of the attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// The server was asked.
    Asked,
    /// They are as shown, and every change is told.
    Live,
    /// The server does not tell.
    Refused(Failure),
}

/// What did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A change was refused.
    Refused(Failure),
    /// A file cannot be read or written; a sentence.
    File(String),
}

impl Inspector {
    pub(super) fn new(me: Account) -> Self {
        Self {
            tab: Tab::Attributes,
            subject: AttrSubject::Account(me.clone()),
            me,
            looking: false,
            beside: false,
            known: Known::Asked,
            entries: AttrEntries::new(),
            changes: VecDeque::new(),
            answers: VecDeque::new(),
            trouble: None,
            note: None,
        }
    }

    /// Whose attributes are looked at.
    pub(crate) fn subject(&self) -> &AttrSubject {
        &self.subject
    }

    /// What is known of them.
    pub(crate) fn known(&self) -> &Known {
        &self.known
    }

    /// Those that are set.
    pub(crate) fn entries(&self) -> &AttrEntries {
        &self.entries
    }

    /// What changed while one looked, the latest last.
    pub(crate) fn changes(&self) -> impl DoubleEndedIterator<Item = &AttrChanged> {
        self.changes.iter()
    }

    /// What was asked and answered, the latest last; `None` as long as there is no answer.
    pub(crate) fn answers(
        &self,
    ) -> impl DoubleEndedIterator<Item = &(Query, Option<Result<String, Failure>>)> {
        self.answers.iter()
    }

    /// What did not work last.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// What has been done last, where one would not see it otherwise.
    pub(crate) fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Whether attributes of this subject are anybody's to change: one's own and those of channels are.
    pub(crate) fn editable(&self) -> bool {
        match &self.subject {
            AttrSubject::Account(account) => *account == self.me,
            AttrSubject::Channel(_) => true,
        }
    }

    /// The attributes as a JSON object, for a file: without those that the server keeps itself.
    pub(crate) fn export(&self) -> Map<String, Value> {
        let set = self.entries.iter();
        set.filter(|(name, _)| may_set(name))
            .map(|(name, entry)| (name.to_string(), entry.value.clone()))
            .collect()
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: InspectMsg) {
        match msg {
            InspectMsg::Look(subject) => self.look_at(cx, subject),
            InspectMsg::Beside(subject) => self.beside(cx, subject),
            InspectMsg::Tab(tab) => self.tab = tab,
            InspectMsg::Set(name, value) => self.step(cx, AttrStep::Set(name, value)),
            InspectMsg::Delete(name) => self.step(cx, AttrStep::Delete(name)),
            InspectMsg::ClearAll => self.step(cx, AttrStep::Clear),
            InspectMsg::Ask(query) => self.ask(cx, query),
            InspectMsg::Answered(query, answer) => self.answered(&query, answer),
            InspectMsg::NotWatched(subject, failure) => self.not_watched(&subject, failure),
            InspectMsg::NotChanged(subject, failure) => self.not_changed(&subject, failure),
            InspectMsg::Imported(_, Err(why)) => self.trouble = Some(Trouble::File(why)),
            InspectMsg::Imported(subject, Ok(attrs)) => self.imported(cx, &subject, attrs),
        }
    }

    /// Whether it is looked at beside a conversation.
    pub(crate) fn is_beside(&self) -> bool {
        self.beside
    }

    fn beside(&mut self, cx: &mut Cx<'_>, subject: Option<AttrSubject>) {
        self.beside = subject.is_some();
        if let Some(subject) = subject {
            self.look_at(cx, subject);
        }
        self.show(cx, self.beside);
    }

    /// There is a session: what was wanted before is asked now.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>) {
        if self.looking {
            self.watch(cx);
        }
        let open = self.answers.iter().filter(|(_, answer)| answer.is_none());
        let ask = |(query, _): &(Query, _)| Effect::Inspect(InspectEffect::Ask(query.clone()));
        cx.effects.extend(open.map(ask));
    }

    /// The screen is shown, or not any more. What nobody looks at is not watched.
    pub(super) fn show(&mut self, cx: &mut Cx<'_>, looking: bool) {
        if self.looking == looking {
            return;
        }
        self.looking = looking;
        if looking {
            self.watch(cx);
        } else {
            self.unwatch(cx);
        }
    }

    /// What is watched is told anew.
    pub(super) fn told(&mut self, subject: &AttrSubject, entries: AttrEntries) {
        if *subject == self.subject {
            self.entries = entries;
            self.known = Known::Live;
        }
    }

    /// A watched attribute changed.
    pub(super) fn changed(&mut self, changed: AttrChanged) {
        if changed.subject != self.subject {
            return;
        }
        match changed.change.clone() {
            WatchedChange::Update { name, value } => {
                let (time_ms, by) = (changed.time_ms, changed.by.clone());
                let entry = AttrEntry { value, time_ms, by };
                self.entries.insert(name, entry);
            }
            WatchedChange::Del { name } => {
                self.entries.remove(&name);
            }
            WatchedChange::Clear => self.entries.clear(),
        }
        if self.changes.len() == CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(changed);
    }

    fn look_at(&mut self, cx: &mut Cx<'_>, subject: AttrSubject) {
        if subject == self.subject {
            return;
        }
        if self.looking {
            self.unwatch(cx);
        }
        self.subject = subject;
        self.entries.clear();
        self.changes.clear();
        self.answers.clear();
        self.trouble = None;
        self.note = None;
        if self.looking {
            self.watch(cx);
        }
    }

    fn watch(&mut self, cx: &mut Cx<'_>) {
        self.known = Known::Asked;
        let subject = self.subject.clone();
        cx.effects
            .push(Effect::Inspect(InspectEffect::Watch(subject)));
    }

    fn unwatch(&self, cx: &mut Cx<'_>) {
        let subject = self.subject.clone();
        cx.effects
            .push(Effect::Inspect(InspectEffect::Unwatch(subject)));
    }

    fn step(&mut self, cx: &mut Cx<'_>, step: AttrStep) {
        self.trouble = None;
        self.note = None;
        let subject = self.subject.clone();
        let change = InspectEffect::Change(subject, step);
        cx.effects.push(Effect::Inspect(change));
    }

    /// The attributes go to a file.
    pub(super) fn write_to(&mut self, cx: &mut Cx<'_>, path: PathBuf) {
        self.trouble = None;
        self.note = None;
        let purpose = Purpose::WriteAttrs(self.subject.clone());
        let text = Value::Object(self.export());
        cx.effects
            .push(Effect::WriteFile(purpose, path, format!("{text:#}\n")));
    }

    /// Attributes come from a file.
    pub(super) fn read_from(&mut self, cx: &mut Cx<'_>, of: AttrSubject, path: PathBuf) {
        self.trouble = None;
        self.note = None;
        let import = InspectEffect::Import(of, path);
        cx.effects.push(Effect::Inspect(import));
    }

    /// The attributes were written into a file, or not.
    pub(super) fn written(&mut self, written: Result<String, String>) {
        match written {
            Ok(said) => self.note = Some(said),
            Err(why) => self.trouble = Some(Trouble::File(why)),
        }
    }

    fn ask(&mut self, cx: &mut Cx<'_>, query: Query) {
        if self.answers.len() == ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back((query.clone(), None));
        cx.effects.push(Effect::Inspect(InspectEffect::Ask(query)));
    }

    fn answered(&mut self, query: &Query, answer: Result<String, Failure>) {
        let mut waiting = self.answers.iter_mut();
        if let Some((_, place)) = waiting.find(|(of, answer)| of == query && answer.is_none()) {
            *place = Some(answer);
        }
    }

    fn not_watched(&mut self, subject: &AttrSubject, failure: Failure) {
        if *subject == self.subject {
            self.known = Known::Refused(failure);
        }
    }

    fn not_changed(&mut self, subject: &AttrSubject, failure: Failure) {
        if *subject == self.subject {
            self.trouble = Some(Trouble::Refused(failure));
        }
    }

    /// What a file said. What the server keeps itself is passed over; what cannot be a name is said, and nothing is set.
    fn imported(&mut self, cx: &mut Cx<'_>, subject: &AttrSubject, attrs: Map<String, Value>) {
        if *subject != self.subject {
            return;
        }
        let named: Result<BTreeMap<AttrName, Value>, String> = attrs
            .into_iter()
            .map(|(name, value)| match AttrName::try_from(name.as_str()) {
                Ok(known) => Ok((known, value)),
                Err(error) => Err(format!("{name:?} is no name of an attribute: it {error}. Mend the file, then read it again.")),
            })
            .collect();
        match named {
            Ok(named) => {
                let named = named.into_iter().filter(|(name, _)| may_set(name));
                let steps: Vec<_> = named.collect();
                let count = steps.len();
                for (name, value) in steps {
                    self.step(cx, AttrStep::Set(name, value));
                }
                self.note = Some(format!("{count} attributes were read and are being set."));
            }
            Err(why) => self.trouble = Some(Trouble::File(why)),
        }
    }
}
