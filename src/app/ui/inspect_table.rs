//! The inspector's table: names, values, how they came to be, and what may be done with them.

use std::collections::BTreeSet;

use egui::{Key, RichText, ScrollArea, TextEdit, Ui};
use serde_json::Value;

use super::icons::Icon;
use super::theme::{self, palette, size, space};
use super::widgets::{
    Button, Field, Kind, divider, field_ui, icon_button, link_button, named_icon_ui,
};
use super::{clock, words};
use crate::app::msg::{InspectMsg, Msg};
use crate::app::state::{Home, Known, Now, may_set, value_of};
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
    let wide = ui.available_width() > size::TEXT;
    divider(ui, palette(ui).divider());
    ui.add_space(space::HALF);
    let acts = 2.0 * size::CONTROL + space::ONE;
    let all = ui.available_width();
    let name_width = if wide {
        all * 0.34
    } else {
        all - acts - space::ONE
    };
    let value_width = if wide {
        all - name_width - acts - 3.0 * space::ONE
    } else {
        all
    };
    let value = |ui: &mut Ui, draft: &mut Draft, out: &mut Vec<Msg>| {
        ui.vertical(|ui| {
            ui.set_width(value_width);
            value_ui(ui, subject, name, entry, built_in, draft, out);
        });
    };
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(name_width);
            ui.spacing_mut().item_spacing.y = 0.0;
            let name = RichText::new(name.as_str()).monospace().strong();
            ui.add(egui::Label::new(name).truncate());
            let about = about(built_in, entry, now);
            ui.label(theme::small(about).color(palette(ui).muted));
        });
        if wide {
            value(ui, draft, out);
        }
        acts_ui(ui, name, entry, editable, draft, out);
    });
    if !wide {
        value(ui, draft, out);
    }
    ui.add_space(space::HALF);
}

/// What the attribute means, when it was set, and by whom.
fn about(built_in: Option<BuiltInAttr>, entry: Option<&AttrEntry>, now: Now) -> String {
    let mut about = Vec::new();
    if let Some(attr) = built_in {
        about.push(words::built_in(attr));
    } else if let Some(entry) = entry {
        about.extend(kind(&entry.value));
    }
    if let Some(entry) = entry {
        let by = entry.by.as_ref().map(|by| format!("set by {by}"));
        about.extend(by);
        if entry.time_ms > 0 {
            about.push(clock::short(entry.time_ms, now.unix_ms));
        }
    } else {
        about.push("at its default".to_owned());
    }
    about.join(" · ")
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
    let folds = kind(&entry.value).is_some();
    let unfolded = draft.unfolded.contains(name);
    let text = if unfolded {
        format!("{:#}", entry.value)
    } else {
        entry.value.to_string()
    };
    let text =
        egui::Label::new(RichText::new(text).monospace().color(palette.text)).selectable(true);
    if folds && !unfolded {
        ui.add(text.truncate());
    } else {
        ui.add(text.wrap());
    }
    if !folds {
        return;
    }
    let (icon, act) = match unfolded {
        true => (Icon::UNFOLDED, format!("Fold {name}")),
        false => (Icon::FOLDED, format!("Unfold {name}")),
    };
    if link_button(ui, Some(icon), &act) && !draft.unfolded.remove(name) {
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
        named_icon_ui(ui, Icon::READ_ONLY, size::ICON, palette.faint, &name);
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

fn clear_ui(ui: &mut Ui, home: &Home, draft: &mut Draft, out: &mut Vec<Msg>) {
    let count = home.inspector.entries().len();
    if !home.inspector.editable() || count == 0 {
        draft.clearing = false;
        return;
    }
    if !draft.clearing {
        if link_button(ui, Some(Icon::DELETE), "Delete all attributes") {
            draft.clearing = true;
        }
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
