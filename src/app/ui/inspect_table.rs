//! The inspector's table: names, values, how they came to be, and what may be done with them.

use std::collections::BTreeSet;

use egui::{Align, Key, Layout, RichText, ScrollArea, TextEdit, Ui};
use serde_json::Value;

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Button, Field, Kind, divider, field_ui, icon_button, link_button, named_icon_ui,
};
use super::{clock, words};
use crate::app::msg::{InspectMsg, Msg};
use crate::app::state::{Home, Inspector, Known, Now, may_set, value_of};
use crate::protocol::attr::BuiltInAttr;
use crate::protocol::{AttrEntry, AttrName, AttrSubject};

/// What the view keeps.
#[derive(Debug, Default)]
pub(super) struct Draft {
    edit: Option<Edit>,
    unfolded: BTreeSet<AttrName>,
    /// Whether "delete all" was pressed, and waits to be meant.
    clearing: bool,
}

/// What is being set.
#[derive(Debug)]
enum Edit {
    /// Something new.
    New { name: String, value: String },
    /// One that is there, or a built-in one.
    Value { name: AttrName, value: String },
}

impl Draft {
    /// Something new is to be set.
    pub(super) fn add(&mut self) {
        let (name, value) = (String::new(), String::new());
        self.edit = Some(Edit::New { name, value });
    }
}

/// The table.
pub(super) fn table_ui(ui: &mut Ui, home: &Home, now: Now, draft: &mut Draft, out: &mut Vec<Msg>) {
    let inspector = &home.inspector;
    if matches!(draft.edit, Some(Edit::New { .. })) {
        new_ui(ui, inspector.subject(), draft, out);
    }
    clear_ui(ui, home, draft, out);
    // What is being added has its own names.
    if draft.edit.is_none() && rows(inspector) {
        head_ui(ui);
    }
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show(ui, |ui| {
            let entries = inspector.entries();
            let own = entries
                .iter()
                .filter(|(name, _)| built_in(inspector.subject(), name).is_none());
            let mut any = false;
            for (name, entry) in own {
                any = true;
                row_ui(ui, home, now, name, Some(entry), draft, out);
            }
            if !any && *inspector.known() == Known::Live {
                let text = "No attributes are set.";
                ui.label(theme::body(text).color(palette(ui).muted));
            }
            if let AttrSubject::Channel(_) = inspector.subject() {
                ui.add_space(space::TWO);
                ui.label(theme::small_strong("Built in").color(palette(ui).muted));
                for attr in BuiltInAttr::ALL {
                    if let Ok(name) = AttrName::try_from(attr.name()) {
                        row_ui(ui, home, now, &name, entries.get(&name), draft, out);
                    }
                }
            }
        });
}

/// Whether there is anything in the table: channels always have what is built in.
fn rows(inspector: &Inspector) -> bool {
    !inspector.entries().is_empty() || matches!(inspector.subject(), AttrSubject::Channel(_))
}

fn built_in(subject: &AttrSubject, name: &AttrName) -> Option<BuiltInAttr> {
    match subject {
        AttrSubject::Account(_) => None,
        AttrSubject::Channel(_) => BuiltInAttr::from_name(name.as_str()),
    }
}

fn new_ui(ui: &mut Ui, subject: &AttrSubject, draft: &mut Draft, out: &mut Vec<Msg>) {
    let Some(Edit::New { name, value }) = &mut draft.edit else {
        return;
    };
    let named = AttrName::try_from(name.trim());
    let wrong = match &named {
        Err(error) if !name.trim().is_empty() => Some(format!(
            "A name has 1 to 128 visible characters: this {error}."
        )),
        Ok(_) | Err(_) => None,
    };
    let field = Field {
        name: "Name of the attribute",
        hint: "such as name or topic",
        wrong,
        secret: false,
    };
    field_ui(ui, &field, name);
    let parsed = value_of(subject, name.trim(), value);
    let typed = !value.trim().is_empty();
    let field = Field {
        name: "Value",
        hint: "text, a number, or JSON",
        wrong: parsed.clone().err().filter(|_| typed),
        secret: false,
    };
    let response = field_ui(ui, &field, value);
    let enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let ready = named.is_ok() && typed && parsed.is_ok();
    let (mut set, mut cancel) = (enter && ready, false);
    ui.horizontal(|ui| {
        set |= Button::new(Kind::Primary, "Set").enabled(ready).show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    ui.add_space(space::ONE);
    if let (true, Ok(name), Ok(value)) = (set, named, parsed) {
        out.push(Msg::Inspect(InspectMsg::Set(name, value)));
    }
    if set || cancel {
        draft.edit = None;
    }
}

fn row_ui(
    ui: &mut Ui,
    home: &Home,
    now: Now,
    name: &AttrName,
    entry: Option<&AttrEntry>,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let subject = home.inspector.subject();
    let built_in = built_in(subject, name);
    let editable = home.inspector.editable() && (built_in.is_none() || may_set(name));
    let about = about(built_in, entry);
    let changed = changed(built_in, entry, now);
    divider(ui, palette(ui).divider());
    ui.add_space(space::HALF);
    let value = |ui: &mut Ui, draft: &mut Draft, out: &mut Vec<Msg>| {
        value_ui(ui, subject, name, entry, built_in, draft, out);
    };
    if let Some(columns) = Columns::of(ui) {
        ui.horizontal_top(|ui| {
            column_ui(ui, columns.name, |ui| {
                name_ui(ui, name);
                small_ui(ui, &about);
            });
            column_ui(ui, columns.value, |ui| {
                value(ui, draft, out);
                if folds(entry) {
                    fold_ui(ui, name, false, draft);
                }
            });
            column_ui(ui, columns.changed, |ui| small_ui(ui, &changed));
            acts_ui(ui, name, entry, editable, draft, out);
        });
    } else {
        ui.horizontal(|ui| {
            let mut acts = 2.0 * (size::CONTROL + space::ONE);
            if folds(entry) {
                acts += size::CONTROL + space::ONE;
            }
            let line = egui::vec2(ui.available_width() - acts, size::CONTROL);
            ui.allocate_ui_with_layout(line, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(line);
                name_ui(ui, name);
            });
            if folds(entry) {
                fold_ui(ui, name, true, draft);
            }
            acts_ui(ui, name, entry, editable, draft, out);
        });
        value(ui, draft, out);
        let both = [about, changed];
        let both: Vec<_> = both.into_iter().filter(|text| !text.is_empty()).collect();
        small_ui(ui, &both.join(" · "));
        ui.add_space(space::HALF);
    }
    ui.add_space(space::HALF);
}

/// How wide the columns are, where there is room for them beside each other.
struct Columns {
    name: f32,
    value: f32,
    changed: f32,
}

impl Columns {
    fn of(ui: &Ui) -> Option<Self> {
        let all = ui.available_width();
        let acts = 2.0 * size::CONTROL + space::ONE;
        let (name, changed) = (all * 0.34, size::CHANGED);
        let value = all - name - changed - acts - 3.0 * space::ONE;
        let columns = Self {
            name,
            value,
            changed,
        };
        (all > size::TEXT).then_some(columns)
    }
}

fn column_ui(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = space::HALF / 2.0;
        content(ui);
    });
}

/// What the columns are called.
fn head_ui(ui: &mut Ui) {
    let Some(columns) = Columns::of(ui) else {
        return;
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 0.0;
        for (name, width) in [
            ("Name", columns.name),
            ("Value", columns.value),
            ("Changed", columns.changed),
        ] {
            let name = theme::small_strong(name).color(palette(ui).muted);
            column_ui(ui, width, |ui| drop(ui.label(name)));
        }
    });
}

fn name_ui(ui: &mut Ui, name: &AttrName) {
    let name = RichText::new(name.as_str()).monospace();
    let name = name.color(palette(ui).text);
    ui.add(egui::Label::new(name).truncate());
}

fn small_ui(ui: &mut Ui, text: &str) {
    if !text.is_empty() {
        ui.label(theme::small(text).color(palette(ui).muted));
    }
}

/// What the attribute means, or what kind of value it has.
fn about(built_in: Option<BuiltInAttr>, entry: Option<&AttrEntry>) -> String {
    let kind = || entry.and_then(|entry| kind(&entry.value));
    built_in
        .map(words::built_in)
        .or_else(kind)
        .unwrap_or_default()
}

/// By whom it was set, and when.
fn changed(built_in: Option<BuiltInAttr>, entry: Option<&AttrEntry>, now: Now) -> String {
    let Some(entry) = entry else {
        // What the server keeps has no default.
        let default = built_in.and_then(words::default_of).map(|_| "default");
        return default.unwrap_or_default().to_owned();
    };
    let by = entry.by.as_ref().map(|by| format!("set by {by}"));
    let at = (entry.time_ms > 0).then(|| clock::short(entry.time_ms, now.unix_ms));
    by.into_iter().chain(at).collect::<Vec<_>>().join(" · ")
}

/// `JSON, 2 keys`; nothing for plain values.
fn kind(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) if object.len() == 1 => Some("JSON, 1 key".to_owned()),
        Value::Object(object) => Some(format!("JSON, {} keys", object.len())),
        Value::Array(array) if array.len() == 1 => Some("JSON, 1 item".to_owned()),
        Value::Array(array) => Some(format!("JSON, {} items", array.len())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn value_ui(
    ui: &mut Ui,
    subject: &AttrSubject,
    name: &AttrName,
    entry: Option<&AttrEntry>,
    built_in: Option<BuiltInAttr>,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    if let Some(Edit::Value { name: of, value }) = &mut draft.edit
        && of == name
    {
        if edit_ui(ui, subject, name, value, out) {
            draft.edit = None;
        }
        return;
    }
    let Some(entry) = entry else {
        let default = built_in.and_then(words::default_of).unwrap_or("not told");
        ui.label(RichText::new(default).monospace().color(palette.faint));
        return;
    };
    let unfolded = draft.unfolded.contains(name);
    let text = if unfolded {
        format!("{:#}", entry.value)
    } else {
        entry.value.to_string()
    };
    let text =
        egui::Label::new(RichText::new(text).monospace().color(palette.text)).selectable(true);
    if kind(&entry.value).is_some() && !unfolded {
        ui.add(text.truncate());
    } else {
        ui.add(text.wrap());
    }
}

/// Whether a value is shown in one line or in several.
fn folds(entry: Option<&AttrEntry>) -> bool {
    entry.is_some_and(|entry| kind(&entry.value).is_some())
}

/// Folds a value, or unfolds it; by an icon where there is little room.
fn fold_ui(ui: &mut Ui, name: &AttrName, small: bool, draft: &mut Draft) {
    let (icon, act) = match draft.unfolded.contains(name) {
        true => (Icon::UNFOLDED, format!("Fold {name}")),
        false => (Icon::FOLDED, format!("Unfold {name}")),
    };
    let pressed = match small {
        true => icon_button(ui, icon, &act, false).clicked(),
        false => link_button(ui, Some(icon), &act),
    };
    if pressed && !draft.unfolded.remove(name) {
        draft.unfolded.insert(name.clone());
    }
}

/// Changes a value in its place; whether that is over.
fn edit_ui(
    ui: &mut Ui,
    subject: &AttrSubject,
    name: &AttrName,
    text: &mut String,
    out: &mut Vec<Msg>,
) -> bool {
    let palette = palette(ui);
    let parsed = value_of(subject, name.as_str(), text);
    let label = format!("New value of {name}");
    let edit = TextEdit::multiline(text)
        .font(egui::TextStyle::Monospace)
        .desired_rows(1)
        .desired_width(f32::INFINITY)
        .background_color(palette.bg2);
    let response = ui.add(edit);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::MultilineTextInput, true, &label)
    });
    if let Err(why) = &parsed {
        ui.label(theme::small(why).color(palette.bad));
    }
    let (mut save, mut cancel) = (false, false);
    ui.horizontal(|ui| {
        save = Button::new(Kind::Primary, "Save")
            .enabled(parsed.is_ok())
            .show(ui);
        cancel = Button::new(Kind::Quiet, "Cancel").show(ui);
    });
    if let (true, Ok(value)) = (save, parsed) {
        out.push(Msg::Inspect(InspectMsg::Set(name.clone(), value)));
    }
    save || cancel
}

fn acts_ui(
    ui: &mut Ui,
    name: &AttrName,
    entry: Option<&AttrEntry>,
    editable: bool,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    if !editable {
        let name = format!("{name} is read-only");
        // Where others have what edits them.
        let place = egui::vec2(size::CONTROL, size::CONTROL);
        let middle = Layout::centered_and_justified(egui::Direction::TopDown);
        ui.allocate_ui_with_layout(place, middle, |ui| {
            named_icon_ui(ui, Icon::READ_ONLY, size::ICON, palette.faint, &name)
        });
        return;
    }
    if icon_button(ui, Icon::EDIT, &format!("Edit {name}"), false).clicked() {
        let value = entry.map(|entry| match kind(&entry.value) {
            Some(_) => format!("{:#}", entry.value),
            None => entry.value.to_string(),
        });
        let (name, value) = (name.clone(), value.unwrap_or_default());
        draft.edit = Some(Edit::Value { name, value });
    }
    if entry.is_some() && icon_button(ui, Icon::DELETE, &format!("Delete {name}"), false).clicked()
    {
        out.push(Msg::Inspect(InspectMsg::Delete(name.clone())));
    }
}

fn may_clear(home: &Home) -> bool {
    home.inspector.editable() && !home.inspector.entries().is_empty()
}

/// Asks whether all of them are to go.
pub(super) fn clear_button_ui(ui: &mut Ui, home: &Home, draft: &mut Draft) {
    let clear = |ui: &mut Ui| icon_button(ui, Icon::DELETE, "Delete all attributes", false);
    if may_clear(home) && !draft.clearing && clear(ui).clicked() {
        draft.clearing = true;
    }
}

fn clear_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    draft.clearing &= may_clear(home);
    if !draft.clearing {
        return;
    }
    let ask = "Delete every attribute here? Everybody loses them, and built-in ones go back to their defaults.";
    ui.label(theme::body(ask));
    ui.horizontal(|ui| {
        if Button::new(Kind::Danger, "Delete all").show(ui) {
            out.push(Msg::Inspect(InspectMsg::ClearAll));
            draft.clearing = false;
        }
        if Button::new(Kind::Quiet, "Keep them").show(ui) {
            draft.clearing = false;
        }
    });
}
