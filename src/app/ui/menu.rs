//! What can be done with a message, with a conversation, and with somebody: by a button, by the right button of the mouse, and by the
//! menu key.

use egui::{Context, Key, Modifiers, Popup, Rect, Response, SetOpenCommand, Ui, UiBuilder, Vec2};

use super::clock;
use super::dialogs::Dialog;
use super::find::Find;
use super::home;
use super::icons::Icon;
use super::theme::{palette, radius, size, space};
use super::widgets::{Act, icon_button};
use crate::app::msg::{CallMsg, ChatMsg, ContactMsg, FileMsg, InspectMsg, Msg, NavMsg, RoomMsg};
use crate::app::state::{Conversation, ConversationId, Delivery, Home, Message, Purpose, Room};
use crate::protocol::{Account, AttrSubject};

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
    // What was said lies above its place and takes clicks of its own.
    let right =
        ui.rect_contains_pointer(place) && ui.input(|input| input.pointer.secondary_clicked());
    asked(&button.inner, id, right).show(|ui| {
        menu_frame(ui);
        if let (Delivery::Failed(_), Some(id)) = (&line.delivery, &line.id)
            && Act::new(Icon::RETRY, "Retry").show(ui)
        {
            let (to, id) = (of.clone(), id.clone());
            out.push(Msg::Chat(ChatMsg::Retry { to, id }));
            ui.close();
        }
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
    asked(&button, id, false).show(|ui| {
        menu_frame(ui);
        conversation_acts_ui(ui, of, conversation, draft, out);
    });
}

/// The actions of a conversation in a list.
pub(super) fn row_menu_ui(
    row: &Response,
    home: &Home,
    (of, conversation): (&ConversationId, &Conversation),
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
    context_menu(row).show(|ui| {
        menu_frame(ui);
        if Act::new(Icon::CHATS, "Open").show(ui) {
            out.push(Msg::Nav(NavMsg::Opened(of.clone())));
            ui.close();
        }
        if let ConversationId::Person(peer) = of
            && home.calls.with(peer).is_none()
            && Act::new(Icon::CALL, "Call").show(ui)
        {
            out.push(Msg::Call(CallMsg::Place(peer.clone())));
            ui.close();
        }
        conversation_acts_ui(ui, of, conversation, draft, out);
        if let ConversationId::Room(room) = of
            && home.rooms.get(room).is_some_and(Room::stays)
            && Act::new(Icon::LEAVE, "Leave the room").danger().show(ui)
        {
            out.push(Msg::Room(RoomMsg::Leave(room.clone())));
            ui.close();
        }
    });
}

fn conversation_acts_ui(
    ui: &mut Ui,
    of: &ConversationId,
    conversation: &Conversation,
    draft: &mut home::Draft,
    out: &mut Vec<Msg>,
) {
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
}

/// What can be done with somebody, as lines of a menu.
pub(super) fn person_acts_ui(ui: &mut Ui, home: &Home, account: &Account, out: &mut Vec<Msg>) {
    let of = || account.clone();
    let mut act = |ui: &mut Ui, icon, name, msg| {
        if Act::new(icon, name).show(ui) {
            out.push(msg);
            ui.close();
        }
    };
    let conversation = ConversationId::Person(of());
    let write = Msg::Nav(NavMsg::Opened(conversation));
    act(ui, Icon::WRITE, "Write", write);
    if home.calls.with(account).is_none() {
        let call = Msg::Call(CallMsg::Place(of()));
        act(ui, Icon::CALL, "Call", call);
    }
    if home.contacts.get(account).is_none() {
        let add = Msg::Contact(ContactMsg::Add(of()));
        act(ui, Icon::ADD_PERSON, "Add to people", add);
    }
    let look = InspectMsg::Look(AttrSubject::Account(of()));
    act(
        ui,
        Icon::INSPECT,
        "Show their attributes",
        Msg::Inspect(look),
    );
    if Act::new(Icon::COPY, "Copy callsign").show(ui) {
        ui.ctx().copy_text(account.to_string());
        ui.close();
    }
}

/// A menu is as wide as others, and its lines stand close.
pub(super) fn menu_frame(ui: &mut Ui) {
    ui.set_width(size::MENU);
    ui.spacing_mut().item_spacing.y = 0.0;
}

/// The menu of a button, which the right button of the mouse opens elsewhere, too.
fn asked(button: &Response, id: egui::Id, right: bool) -> Popup<'_> {
    let set = match right || by_key(button) {
        true => Some(SetOpenCommand::Bool(true)),
        false => button.clicked().then_some(SetOpenCommand::Toggle),
    };
    let menu = Popup::menu(button).id(id).gap(space::HALF);
    let menu = menu.open_memory(set);
    // Where it was opened by the mouse it stays while it is open.
    let stays = set.is_none() && Popup::position_of_id(&button.ctx, id).is_some();
    match right || stays {
        true => menu.at_pointer_fixed(),
        false => menu,
    }
}

/// The menu of a row that a click opens, too.
pub(super) fn menu_of(row: &Response) -> Popup<'_> {
    asked(row, row.id.with("menu"), row.secondary_clicked())
}

/// The menu of a row, where a click does something else: by the right button of the mouse, or by the menu key while it has the
/// keyboard.
pub(super) fn context_menu(row: &Response) -> Popup<'_> {
    let menu = menu_of(row);
    match row.clicked() {
        true => menu.open_memory(SetOpenCommand::Bool(false)),
        false => menu,
    }
}

fn by_key(of: &Response) -> bool {
    of.has_focus() && menu_key(&of.ctx)
}

/// Whether the menu key was pressed, or what stands for it where there is none.
fn menu_key(ctx: &Context) -> bool {
    ctx.input(|input| {
        input.key_pressed(Key::Menu)
            || input.modifiers.matches_exact(Modifiers::SHIFT) && input.key_pressed(Key::F10)
    })
}
