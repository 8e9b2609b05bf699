//! An icon beside words. A screen reader has nothing to say of it, but where it says what no word says.

use egui::accesskit::Role;
use egui::{Align2, Color32, Response, Sense, Ui, Vec2, WidgetInfo};

use crate::app::ui::icons::Icon;

/// An icon that says nothing that the words beside it do not say: it has no name.
pub(in crate::app::ui) fn icon_ui(ui: &mut Ui, icon: Icon, size: f32, colour: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(size), Sense::hover());
    let font = Icon::font(size, false);
    ui.painter().text(
        rect.center(),
        Align2::CENTER_CENTER,
        icon.text(),
        font,
        colour,
    );
    response
}

/// An icon that says something by itself; its name is read out, and shown when one points at it.
pub(in crate::app::ui) fn named_icon_ui(
    ui: &mut Ui,
    icon: Icon,
    size: f32,
    colour: Color32,
    name: &str,
) -> Response {
    let response = icon_ui(ui, icon, size, colour);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    response.on_hover_text(name)
}
