//! The panes beside a conversation: whether they are shown, and how wide they are. Kept for the profile.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Cx;
use crate::app::effect::Effect;
use crate::app::kept::StoreEffect;
use crate::app::msg::PanesMsg;

/// The setting that says how they are.
const PANES: &str = "panes";

/// The panes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Panes {
    /// The list of conversations.
    pub(crate) list: Pane,
    /// The details of the one that is open.
    pub(crate) details: Pane,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pane {
    /// Whether it is wanted, where there is room for it.
    pub(crate) shown: bool,
    /// How wide somebody has made it, in points.
    pub(crate) width: Option<f32>,
}

impl Default for Pane {
    fn default() -> Self {
        let (shown, width) = (true, None);
        Self { shown, width }
    }
}

impl Panes {
    /// What is kept.
    pub(super) fn fill(&mut self, kept: &BTreeMap<String, Value>) {
        if let Some(kept) = kept.get(PANES) {
            self.list.fill(&kept["list"]);
            self.details.fill(&kept["details"]);
        }
    }

    pub(super) fn update(&mut self, cx: &mut Cx<'_>, msg: PanesMsg) {
        match msg {
            PanesMsg::List(pane) => self.list = pane,
            PanesMsg::Details(pane) => self.details = pane,
        }
        let value = json!({ "list": self.list.value(), "details": self.details.value() });
        let setting = StoreEffect::Setting(PANES.to_owned(), Some(value));
        cx.effects.push(Effect::Store(setting));
    }
}

impl Pane {
    fn fill(&mut self, kept: &Value) {
        self.shown = kept["shown"].as_bool().unwrap_or(true);
        self.width = kept["width"].as_f64().map(|width| width as f32);
    }

    fn value(self) -> Value {
        json!({ "shown": self.shown, "width": self.width })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let mut panes = Panes::default();
        panes.list.shown = false;
        panes.details.width = Some(312.5);
        let value = json!({ "list": panes.list.value(), "details": panes.details.value() });
        // As a file has it.
        let value = value.to_string().parse().expect("JSON");
        let mut again = Panes::default();
        again.fill(&BTreeMap::from([(PANES.to_owned(), value)]));
        assert_eq!(again, panes);
    }
}
