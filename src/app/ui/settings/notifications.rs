//! What raises a notification, what is heard, and what rings.

use egui::Ui;

use super::{group_ui, note_ui, wrong_ui};
use crate::app::msg::{FileMsg, MeMsg, Msg, Ringtone, SettingsMsg, Tune};
use crate::app::state::{Home, Purpose, Raise, Settings, Sound};
use crate::app::ui::theme;
use crate::app::ui::widgets::{Button, Kind, Toggle, switch_ui};
use crate::protocol::Show;

/// The section.
pub(super) fn notifications_ui(ui: &mut Ui, home: &Home, set: &Settings, out: &mut Vec<Msg>) {
    let dnd = home.me.dnd();
    if switch_ui(ui, "Do not disturb", dnd) {
        let show = if dnd { Show::Available } else { Show::Dnd };
        out.push(Msg::Me(MeMsg::Chose(show)));
    }
    note_ui(
        ui,
        "Nothing rings and nothing is shown while it is on, and others see it.",
    );
    group_ui(ui, "Notify me of");
    for what in Raise::ALL {
        let name = match what {
            Raise::Message => "Messages to me",
            Raise::Mention => "Messages in rooms that name me",
            Raise::Call => "Calls that come in",
            Raise::Missed => "Missed calls",
        };
        let on = set.raises(what);
        if switch_ui(ui, name, on) {
            out.push(Msg::Settings(SettingsMsg::Raise(what, !on)));
        }
    }
    group_ui(ui, "Sounds");
    for what in Sound::ALL {
        let name = match what {
            Sound::Ring => "Ring when somebody calls",
            Sound::Keys => "Tones of keys",
        };
        let on = set.hears(what);
        if switch_ui(ui, name, on) {
            out.push(Msg::Settings(SettingsMsg::Hear(what, !on)));
        }
    }
    ringtone_ui(ui, set, out);
}

fn ringtone_ui(ui: &mut Ui, set: &Settings, out: &mut Vec<Msg>) {
    group_ui(ui, "Ringtone");
    let chosen = set.ringtone();
    let own = matches!(chosen, Ringtone::File(_));
    if let Ringtone::File(path) = chosen {
        ui.label(theme::body(path.display().to_string()));
    }
    ui.horizontal_wrapped(|ui| {
        for tune in Tune::ALL {
            let name = match tune {
                Tune::Thirds => "Thirds",
                Tune::Marimba => "Marimba",
                Tune::Bell => "Bell",
            };
            let tune = Ringtone::Tune(tune);
            let on = *chosen == tune;
            if Toggle::new(name, on).show(ui) && !on {
                out.push(Msg::Settings(SettingsMsg::Ringtone(tune)));
                // Whoever chooses by ear hears it.
                out.push(Msg::Settings(SettingsMsg::TryRingtone));
            }
        }
        if Toggle::new("Own file…", own).show(ui) {
            out.push(Msg::File(FileMsg::Ask(Purpose::Ringtone)));
        }
        if Button::new(Kind::Quiet, "Try it").show(ui) {
            out.push(Msg::Settings(SettingsMsg::TryRingtone));
        }
    });
    match set.no_ringtone() {
        Some(why) => wrong_ui(ui, why),
        None => note_ui(ui, "A file is a WAV file; a minute of it rings at most."),
    }
}
