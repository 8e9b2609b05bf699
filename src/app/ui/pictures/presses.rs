//! What is pressed while something comes by itself is pressed all the same.

use egui::{Event, PointerButton, vec2};
use egui_kittest::kittest::Queryable as _;

use super::{Shown, scene, show};
use crate::app::msg::{CallMsg, Msg, SoundMsg, SoundWord};
use crate::app::state::Look;
use crate::app::state::tests::in_call;
use crate::client::event::{CallEvent, CallRef};

/// Presses a button, and releases it after something has been told.
fn press_meanwhile(shown: &mut Shown, name: &str, told: SoundWord) {
    let pos = shown.harness.get_by_label(name).rect().center();
    shown.harness.event(Event::PointerMoved(pos));
    shown.harness.step();
    let told = Msg::Sound(SoundMsg::Told(CallRef(1), told));
    let mut told = Some(told);
    for pressed in [true, false] {
        shown.harness.event(Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        shown.harness.step();
        if let Some(told) = told.take() {
            drop(shown.harness.state_mut().story.tell(told));
            shown.harness.step();
        }
    }
}

#[test]
fn a_call_is_ended_while_its_sound_begins() {
    let mut shown = show(scene("call_ringing"), Look::Light, vec2(1400.0, 900.0));
    let story = &mut shown.harness.state_mut().story;
    let no = story.here().calls.all()[0].no;
    story.tell(Msg::Call(CallMsg::Answer(no)));
    story.hear(in_call(1, CallEvent::Accepted));
    shown.harness.run_ok();
    let meter = |shown: &Shown| {
        shown
            .harness
            .query_by_label("How loud they hear you")
            .is_some()
    };
    assert!(!meter(&shown), "before its sound began");
    press_meanwhile(&mut shown, "End", SoundWord::Connected);
    let story = &shown.harness.state().story;
    assert!(story.here().calls.all().is_empty());
}
