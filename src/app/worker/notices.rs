//! Notifications of the desktop, on a thread of their own: what is shown, and what is done with it.
//!
//! Where nobody shows notifications, the window of calls and the badges say the same; that is logged once and no error.

use std::collections::BTreeMap;

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, LocalSet};

use super::Out;
use crate::app::effect::{Notice, NoticeId};
use crate::app::msg::{Msg, NoticeMsg};

/// What is to be shown or taken away. When full, which takes a desktop that does not answer, the newest is dropped.
const ORDERS: usize = 64;

/// The names of actions, as the desktop gives them back.
const ANSWER: &str = "answer";
const DECLINE: &str = "decline";
/// What the desktop calls a click on a notification.
const OPEN: &str = "default";

/// The way to the thread. What is shown goes when this is gone.
#[derive(Debug)]
pub(super) struct Notices {
    orders_tx: mpsc::Sender<Order>,
}

#[derive(Debug)]
enum Order {
    Show(Notice),
    Close(NoticeId),
}

impl Notices {
    /// Starts the thread.
    pub(super) fn start(out: Out) -> Self {
        let (orders_tx, orders_rx) = mpsc::channel(ORDERS);
        let thread = std::thread::Builder::new()
            .name("callsign-notices".to_owned())
            .spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build();
                match runtime {
                    Ok(runtime) => LocalSet::new().block_on(&runtime, run(orders_rx, out)),
                    Err(error) => tracing::warn!(%error, "no notifications"),
                }
            });
        if let Err(error) = thread {
            tracing::warn!(%error, "no notifications");
        }
        Self { orders_tx }
    }

    /// Shows one, in the place of the one about the same.
    pub(super) fn show(&self, notice: Notice) {
        self.order(Order::Show(notice));
    }

    /// Takes one away.
    pub(super) fn close(&self, id: NoticeId) {
        self.order(Order::Close(id));
    }

    fn order(&self, order: Order) {
        if self.orders_tx.try_send(order).is_err() {
            tracing::debug!("a notification was dropped");
        }
    }
}

/// One that is on the screen, and who waits for what is done with it.
struct Shown {
    number: u32,
    handle: std::rc::Rc<NotificationHandle>,
    waits: JoinHandle<()>,
}

async fn run(mut orders_rx: mpsc::Receiver<Order>, out: Out) {
    let mut shown = BTreeMap::new();
    let mut told = false;
    while let Some(order) = orders_rx.recv().await {
        match order {
            Order::Show(notice) => {
                let id = notice.id.clone();
                let before = shown.remove(&id);
                let instead = before.as_ref().map(|before: &Shown| before.number);
                if let Some(before) = before {
                    before.waits.abort();
                }
                match show(notice, instead, out.clone()).await {
                    Ok(now) => drop(shown.insert(id, now)),
                    Err(error) if !told => {
                        told = true;
                        tracing::info!(%error, "nobody shows notifications here");
                    }
                    Err(_) => {}
                }
            }
            Order::Close(id) => close(shown.remove(&id)).await,
        }
    }
    for (_, one) in shown {
        close(Some(one)).await;
    }
}

async fn close(shown: Option<Shown>) {
    if let Some(shown) = shown {
        shown.waits.abort();
        shown.handle.close_async().await;
    }
}

async fn show(
    notice: Notice,
    instead: Option<u32>,
    out: Out,
) -> Result<Shown, notify_rust::error::Error> {
    let mut notification = Notification::new();
    notification
        .appname("Callsign")
        .summary(&notice.title)
        .body(&escaped(&notice.text))
        .hint(Hint::DesktopEntry("callsign".to_owned()));
    if let Some(number) = instead {
        notification.id(number);
    }
    match &notice.id {
        NoticeId::Call(_) => {
            notification
                .action(ANSWER, "Answer")
                .action(DECLINE, "Decline")
                .hint(Hint::Category("call.incoming".to_owned()))
                // We ring ourselves.
                .hint(Hint::SuppressSound(true))
                .urgency(Urgency::Critical)
                .timeout(Timeout::Never);
        }
        NoticeId::Missed(_) => {
            let category = Hint::Category("call.unanswered".to_owned());
            notification.action(OPEN, "Show").hint(category);
        }
        NoticeId::Chat(_) => {
            let category = Hint::Category("im.received".to_owned());
            notification.action(OPEN, "Open").hint(category);
        }
    }
    let handle = std::rc::Rc::new(notification.show_async().await?);
    let number = handle.id();
    let waiting = std::rc::Rc::clone(&handle);
    let waits = tokio::task::spawn_local(async move {
        let (tell, told) = tokio::sync::oneshot::channel();
        let done = waiting.wait_for_action_async(|response: &NotificationResponse| {
            // The other end is below.
            drop(tell.send(answer(notice.id, response)));
        });
        done.await;
        if let Ok(Some(msg)) = told.await {
            out.tell(Msg::Notice(msg)).await;
        }
    });
    Ok(Shown {
        number,
        handle,
        waits,
    })
}

/// What it means that something was done with a notification.
fn answer(id: NoticeId, response: &NotificationResponse) -> Option<NoticeMsg> {
    match response {
        NotificationResponse::Default => Some(NoticeMsg::Opened(id)),
        NotificationResponse::Action(action) if action == ANSWER => Some(NoticeMsg::Answered(id)),
        NotificationResponse::Action(action) if action == DECLINE => Some(NoticeMsg::Declined(id)),
        // Putting it aside answers nothing.
        NotificationResponse::Action(_)
        | NotificationResponse::Reply(_)
        | NotificationResponse::Closed(_) => None,
    }
}

/// Texts may hold markup by the desktop's rules; ours do not.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_no_markup() {
        assert_eq!(escaped("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
