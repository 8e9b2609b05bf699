//! The sign-in card.

use egui::{Frame, Key, Margin, ScrollArea, Ui};

use super::icons::Icon;
use super::keyring::{ask_ui, wanted_ui};
use super::theme::{self, palette, radius, size, space};
use super::widgets::{Button, Choice, Field, Kind, failure_ui, field_ui, link_button};
use crate::app::msg::{Credentials, Msg, Place, ServerAt, SignInMsg};
use crate::app::state::{Card, Keyring, Refusal};
use crate::protocol::token::Token;
use crate::protocol::{Account, AppId, NameError};

/// What an app's id is unless one says otherwise: that of all Callsigns.
const USUAL_APP: &str = "callsign";

/// What is being filled in.
#[derive(Debug)]
pub(super) struct Draft {
    account: String,
    elsewhere: bool,
    address: String,
    unfolded: bool,
    app: String,
    token: Secret,
    /// A token is wanted, and its field has been unfolded for that.
    wanted: bool,
    /// The token's field gets the keyboard.
    paste: bool,
    /// The card is new: the first field gets the keyboard.
    fresh: bool,
}

/// What is typed as a token, which no log may show.
#[derive(Default)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            account: String::new(),
            elsewhere: false,
            address: String::new(),
            unfolded: false,
            app: USUAL_APP.to_owned(),
            token: Secret::default(),
            wanted: false,
            paste: false,
            fresh: true,
        }
    }
}

impl Draft {
    /// With the address of a server.
    pub(super) fn prefill(&mut self, server: &str) {
        server.clone_into(&mut self.address);
        self.elsewhere = true;
    }

    /// Whether a token is wanted: then there is a field for it, once.
    fn want(&mut self, wanted: bool) {
        if wanted && !self.wanted {
            self.unfolded = true;
            self.paste = true;
            self.fresh = false;
        }
        self.wanted = wanted;
    }

    /// With who tried before, and where.
    fn refill(&mut self, account: &Account, at: Option<&ServerAt>) {
        account.as_str().clone_into(&mut self.account);
        if let Some(ServerAt { url, app }) = at {
            url.clone_into(&mut self.address);
            app.as_str().clone_into(&mut self.app);
            self.elsewhere = true;
        }
    }

    /// Whoever is in needs the token no more, and whoever comes next has no business with it.
    pub(super) fn forget_secret(&mut self) {
        self.token = Secret::default();
        self.fresh = true;
    }

    /// What was filled in, if it can be sent off.
    fn credentials(&self) -> Option<Credentials> {
        let account = Account::try_from(self.account.trim()).ok()?;
        let place = if self.elsewhere {
            let token = self.token.0.trim();
            Place::Address {
                url: url(&self.address)?,
                app: AppId::try_from(self.app.trim()).ok()?,
                token: (!token.is_empty()).then(|| Token::new(token)),
            }
        } else {
            Place::ThisComputer
        };
        Some(Credentials { account, place })
    }
}

/// What was typed as an address, as a URL; a bare host means TLS.
fn url(address: &str) -> Option<String> {
    let address = address.trim();
    if address.is_empty() || address.contains(char::is_whitespace) {
        return None;
    }
    let whole = ["ws://", "wss://", "http://", "https://"];
    if whole.iter().any(|scheme| address.starts_with(scheme)) {
        return Some(address.to_owned());
    }
    (!address.contains("://")).then(|| format!("wss://{address}"))
}

/// The card, alone in the window.
pub(super) fn sign_in_ui(
    ui: &mut Ui,
    card: &Card,
    keyring: &Keyring,
    draft: &mut Draft,
    out: &mut Vec<Msg>,
) {
    let palette = palette(ui);
    let ground = Frame::new().fill(palette.bg0);
    egui::CentralPanel::default().frame(ground).show(ui, |ui| {
        let scroll = ScrollArea::vertical().auto_shrink([false, false]);
        scroll.show(ui, |ui| {
            let room = ui.available_width();
            let width = size::CARD.min(room - 2.0 * space::TWO);
            let top = (ui.available_height() / 12.0).clamp(space::TWO, 2.0 * space::FOUR);
            ui.add_space(top);
            ui.horizontal(|ui| {
                ui.add_space((room - width) / 2.0);
                let margin = if width < size::CARD { 20 } else { 32 };
                let frame = Frame::new()
                    .fill(palette.bg1)
                    .stroke(palette.divider())
                    .corner_radius(radius::CARD)
                    .shadow(palette.shadow())
                    .inner_margin(Margin::same(margin));
                frame.show(ui, |ui| {
                    ui.set_width(width - 2.0 * f32::from(margin));
                    ui.vertical(|ui| card_ui(ui, card, keyring, draft, out));
                });
            });
            ui.add_space(space::FOUR);
        });
    });
}

fn card_ui(ui: &mut Ui, card: &Card, keyring: &Keyring, draft: &mut Draft, out: &mut Vec<Msg>) {
    ui.spacing_mut().item_spacing.y = space::TWO;
    head_ui(ui);
    let waiting = match card {
        Card::Empty => false,
        Card::Waiting(_) => true,
        Card::TakeOver(credentials) => return take_over_ui(ui, &credentials.account, out),
        Card::Refused { account, at, why } => {
            if draft.account.is_empty() {
                draft.refill(account, at.as_ref());
            }
            draft.want(why.wants_token());
            refusal_ui(ui, account, why, out);
            false
        }
    };
    let pressed_enter = ui
        .add_enabled_ui(!waiting, |ui| {
            ui.spacing_mut().item_spacing.y = space::TWO;
            let enter = account_ui(ui, draft);
            place_ui(ui, keyring, draft, out) || enter
        })
        .inner;
    if waiting {
        waiting_ui(ui, out);
        return;
    }
    let credentials = draft.credentials();
    let button = Button::new(Kind::Primary, "Sign in").wide(ui);
    let pressed = button.enabled(credentials.is_some()).show(ui);
    if (pressed || pressed_enter)
        && let Some(credentials) = credentials
    {
        out.push(Msg::SignIn(SignInMsg::Submitted(credentials)));
    }
}

fn head_ui(ui: &mut Ui) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::ONE_AND_HALF;
        let wanted = egui::Vec2::splat(size::TALL);
        let (rect, _) = ui.allocate_exact_size(wanted, egui::Sense::hover());
        ui.painter()
            .rect_filled(rect, radius::COMPOSER, palette.accent);
        let font = Icon::font(size::ICON + space::HALF, true);
        let center = egui::Align2::CENTER_CENTER;
        ui.painter().text(
            rect.center(),
            center,
            Icon::CALLING.text(),
            font,
            palette.on_colour,
        );
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.label(theme::title("Callsign"));
            let about = theme::small("Talk, call and keep a room going.");
            ui.label(about.color(palette.muted));
        });
    });
}

fn refusal_ui(ui: &mut Ui, account: &Account, why: &Refusal, out: &mut Vec<Msg>) {
    match why {
        Refusal::Server(failure) => failure_ui(ui, failure),
        Refusal::Token(wanted) => wanted_ui(ui, wanted, out),
        Refusal::Elsewhere => {
            let colour = palette(ui).muted;
            let sentence = format!("{account} stays signed in elsewhere.");
            ui.label(theme::body(sentence).color(colour));
        }
        Refusal::Here(sentence) => {
            let colour = palette(ui).bad;
            ui.label(theme::body(sentence).color(colour));
        }
    }
}

/// The account is signed in elsewhere: nobody is sent away without having been asked for it.
fn take_over_ui(ui: &mut Ui, account: &Account, out: &mut Vec<Msg>) {
    let muted = palette(ui).muted;
    ui.label(theme::strong("Take over?"));
    ui.label(theme::body(format!(
        "{account} is signed in elsewhere. If you sign in here, that session ends."
    )));
    let kept =
        "Direct messages live on the computer that receives them; what came there stays there.";
    ui.label(theme::small(kept).color(muted));
    if Button::new(Kind::Primary, "Take over").wide(ui).show(ui) {
        out.push(Msg::SignIn(SignInMsg::TakeOver));
    }
    if Button::new(Kind::Quiet, "Cancel").wide(ui).show(ui) {
        out.push(Msg::SignIn(SignInMsg::Cancelled));
    }
}

/// Whether Enter was pressed in it.
fn account_ui(ui: &mut Ui, draft: &mut Draft) -> bool {
    let wrong = match Account::try_from(draft.account.trim()) {
        Ok(_) | Err(NameError::Empty) => None,
        Err(error) => Some(format!(
            "A callsign is 1 to 128 visible characters: this {error}."
        )),
    };
    let field = Field {
        name: "Your callsign",
        hint: "such as ana.ng",
        wrong,
        secret: false,
    };
    let response = field_ui(ui, &field, &mut draft.account);
    if std::mem::take(&mut draft.fresh) {
        response.request_focus();
    }
    entered(ui, &response)
}

/// Whether Enter was pressed in one of its fields.
fn place_ui(ui: &mut Ui, keyring: &Keyring, draft: &mut Draft, out: &mut Vec<Msg>) -> bool {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = space::ONE;
        ui.label(theme::small_strong("Where"));
        let here = Choice {
            icon: Icon::COMPUTER,
            name: "This computer",
            about: "starts a server here · works at once",
            chosen: !draft.elsewhere,
        };
        if here.show(ui) {
            draft.elsewhere = false;
        }
        let elsewhere = Choice {
            icon: Icon::ADDRESS,
            name: "Other address…",
            about: "a server that somebody else runs",
            chosen: draft.elsewhere,
        };
        if elsewhere.show(ui) {
            draft.elsewhere = true;
        }
        draft.elsewhere && address_ui(ui, keyring, draft, out)
    })
    .inner
}

fn address_ui(ui: &mut Ui, keyring: &Keyring, draft: &mut Draft, out: &mut Vec<Msg>) -> bool {
    let wrong = (!draft.address.trim().is_empty() && url(&draft.address).is_none())
        .then(|| "An address looks like sig.example.org:7801 or wss://sig.example.org.".to_owned());
    let field = Field {
        name: "Address",
        hint: "sig.example.org:7801",
        wrong,
        secret: false,
    };
    let response = field_ui(ui, &field, &mut draft.address);
    let mut enter = entered(ui, &response);
    let icon = if draft.unfolded {
        Icon::UNFOLDED
    } else {
        Icon::FOLDED
    };
    if link_button(ui, Some(icon), "I have a token") {
        draft.unfolded = !draft.unfolded;
    }
    if draft.unfolded {
        let wrong = match AppId::try_from(draft.app.trim()) {
            Ok(_) => None,
            Err(error) => Some(format!(
                "An app id is 1 to 128 visible characters: this {error}."
            )),
        };
        let app = Field {
            name: "App id",
            hint: "of the server's app",
            wrong,
            secret: false,
        };
        let response = field_ui(ui, &app, &mut draft.app);
        enter |= entered(ui, &response);
        let token = Field {
            name: "Token",
            hint: "or leave it empty where none is needed",
            wrong: None,
            secret: true,
        };
        let response = field_ui(ui, &token, &mut draft.token.0);
        if std::mem::take(&mut draft.paste) {
            response.request_focus();
        }
        enter |= entered(ui, &response);
        ask_ui(ui, keyring, out);
    }
    enter
}

fn waiting_ui(ui: &mut Ui, out: &mut Vec<Msg>) {
    ui.horizontal(|ui| {
        let colour = palette(ui).accent;
        ui.add(egui::Spinner::new().size(size::ICON).color(colour));
        ui.label(theme::body("Connecting…"));
    });
    if Button::new(Kind::Quiet, "Cancel").wide(ui).show(ui) {
        out.push(Msg::SignIn(SignInMsg::Cancelled));
    }
}

fn entered(ui: &Ui, response: &egui::Response) -> bool {
    response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable as _;

    use super::*;
    use crate::app::msg::Failure;
    use crate::protocol::Code;

    #[test]
    fn addresses_become_urls() {
        for (typed, found) in [
            ("sig.example.org:7801", Some("wss://sig.example.org:7801")),
            (" ws://127.0.0.1:7800 ", Some("ws://127.0.0.1:7800")),
            ("https://lbs.example.org", Some("https://lbs.example.org")),
            ("ftp://example.org", None),
            ("two words", None),
            ("", None),
        ] {
            assert_eq!(url(typed).as_deref(), found, "{typed}");
        }
    }

    /// What a person reads of every code with which signing in fails or a session ends.
    #[test]
    fn every_code_stands_on_the_card_with_its_sentence_and_its_remedy() {
        let frame = |ui: &mut Ui, (card, draft): &mut (Card, Draft)| {
            let keyring = Keyring::default();
            sign_in_ui(ui, card, &keyring, draft, &mut Vec::new());
        };
        let mut harness = Harness::builder()
            .with_size(egui::vec2(360.0, 900.0))
            .with_context_setup(crate::app::ui::install)
            .build_ui_state(frame, (Card::Empty, Draft::default()));
        let codes = Code::ALL.iter().copied();
        let codes = codes.filter(|code| (100..300).contains(&code.number()));
        for code in codes {
            let detail = "as the server says".to_owned();
            harness.state_mut().0 = Card::Refused {
                account: Account::try_from("ann").expect("an account"),
                at: None,
                why: Refusal::Server(Failure { code, detail }),
            };
            harness.run();
            let sentence = format!("{} {}", code.message(), code.remedy());
            assert!(sentence.ends_with('.') && code.message().ends_with('.'));
            let small = format!("{}, {}: as the server says", code.name(), code.number());
            for text in [sentence, small] {
                let found = harness.query_all_by_label(&text).count();
                assert_eq!(found, 1, "{text}");
            }
        }
    }

    #[test]
    fn no_debug_text_shows_a_token() {
        let mut draft = Draft::default();
        draft.token.0.push_str("hush");
        assert!(!format!("{draft:?}").contains("hush"));
    }
}
