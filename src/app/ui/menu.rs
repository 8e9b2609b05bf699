//! What can be done with a message, and with a conversation.

use egui::{Popup, Rect, Response, Ui, UiBuilder, Vec2};

use super::clock;
use super::dialogs::Dialog;
use super::find::Find;
use super::home;
use super::icons::Icon;
use super::theme::{palette, radius, size, space};
use super::widgets::{Act, icon_button};
use crate::app::msg::{ChatMsg, FileMsg, Msg};
use crate::app::state::{ConversationId, Delivery, Home, Message, Purpose};

/// The actions of a message, at its right, while it is pointed at or has the keyboard.
pub(super) fn message_menu_ui(
    ui: &mut Ui,
    of: &ConversationId,
    line: &Message,
    place: Rect,
    out: &mut Vec<Msg>,
) {
    let Some(text) = line.text() else {
        return;
    };
    let corner = place.right_top() - Vec2::new(size::CONTROL, 0.0);
    let at = Rect::from_min_size(corner, Vec2::splat(size::CONTROL));
    let id = ui.scope_id().with("menu");
    // It is drawn before it can say that it has the keyboard, which it had said in the frame before.
    let had_keyboard = ui.data(|data| data.get_temp(id)).unwrap_or(false);
    let open = Popup::is_id_open(ui.ctx(), id);
    let near = ui.rect_contains_pointer(place) || open || had_keyboard;
    let builder = UiBuilder::new().id_salt("actions").max_rect(at);
    let button = ui.scope_builder(builder, |ui| {
        if !near {
            ui.set_opacity(0.0);
        }
        ui.painter()
            .rect_filled(at, radius::CONTROL, palette(ui).bg1);
        icon_button(ui, Icon::MORE, "Message actions", false)
    });
    let has_keyboard = button.inner.has_focus();
    if has_keyboard != had_keyboard {
        ui.data_mut(|data| data.insert_temp(id, has_keyboard));
        ui.ctx().request_repaint();
    }
    menu(&button.inner, id).show(|ui| {
        menu_frame(ui);
        if Act::new(Icon::REPLY, "Reply").show(ui) {
            out.push(Msg::Chat(ChatMsg::Quote(of.clone(), line.row)));
            ui.close();
        }
        if Act::new(Icon::COPY, "Copy text").show(ui) {
            ui.ctx().copy_text(text.to_owned());
            ui.close();
        }
        let own = match line.delivery {
            Delivery::Sent | Delivery::Delivered | Delivery::Read => true,
            Delivery::Received | Delivery::Waiting | Delivery::Pending | Delivery::Failed(_) => {
                false
            }
        };
        if own && Act::new(Icon::RETRY, "Send again").show(ui) {
            let (to, text) = (of.clone(), text.to_owned());
            out.push(Msg::Chat(ChatMsg::Send { to, text }));
            ui.close();
        }
        if Act::new(Icon::DELETE, "Delete for me").danger().show(ui) {
            out.push(Msg::Chat(ChatMsg::Delete(of.clone(), line.row)));
            ui.close();
        }
    });
}

/// The actions of a conversation, in its head.
pub(super) fn conversation_menu_ui(
    ui: &mut Ui,
    home: &Home,
    of: &ConversationId,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    let Some(conversation) = home.chats.get(of) else {
        return;
    };
    let button = icon_button(ui, Icon::MORE, "More about this conversation", false);
    let id = ui.scope_id().with("conversation menu");
    menu(&button, id).show(|ui| {
        menu_frame(ui);
        if Act::new(Icon::SEARCH, "Search here").show(ui) {
            draft.find = Some(Find::new(Some(of.clone())));
            ui.close();
        }
        let muted = conversation.muted;
        let (icon, mute) = match muted {
            true => (Icon::LOUD, "Unmute"),
            false => (Icon::MUTED, "Mute"),
        };
        if Act::new(icon, mute).show(ui) {
            out.push(Msg::Chat(ChatMsg::Mute(of.clone(), !muted)));
            ui.close();
        }
        if Act::new(Icon::EXPORT, "Export…").show(ui) {
            let utc_offset_min = clock::utc_offset_min(conversation.active_ms);
            let of = of.clone();
            let purpose = Purpose::History { of, utc_offset_min };
            out.push(Msg::File(FileMsg::Ask(purpose)));
            ui.close();
        }
        if Act::new(Icon::ERASE, "Erase…").danger().show(ui) {
            draft.dialog = Some(Dialog::erase(of.clone()));
            ui.close();
        }
    });
}

/// A menu is as wide as others, and its lines stand close.
pub(super) fn menu_frame(ui: &mut Ui) {
    ui.set_width(size::MENU);
    ui.spacing_mut().item_spacing.y = 0.0;
}

fn menu(button: &Response, id: egui::Id) -> Popup<'_> {
    Popup::menu(button).id(id).gap(space::HALF)
}
