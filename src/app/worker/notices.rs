//! Notifications of the desktop, on a thread of their own: what is shown, and what is done with it.
//!
//! Where nobody shows notifications, the window of calls and the badges say the same; that is logged once and no error.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use notify_rust::{Hint, Notification, NotificationHandle, NotificationResponse, Timeout, Urgency};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, LocalSet};

use super::Out;
use crate::app::effect::{Notice, NoticeId};
use crate::app::msg::{Msg, NoticeMsg};

/// What is to be shown or taken away. When full, which takes a desktop that does not answer, the newest is dropped.
const ORDERS: usize = 64;

/// Of how many earlier forms of a notification it is heard what is done with them: a click may come just when the next form does.
/// The eldest is forgotten.
const EARLIER: usize = 4;

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

impl Order {
    fn id(&self) -> &NoticeId {
        match self {
            Self::Show(notice) => &notice.id,
            Self::Close(id) => id,
        }
    }
}

/// One that is on the screen, and who wait for what is done with it: with its earlier forms, then with itself.
struct Shown {
    number: u32,
    handle: std::rc::Rc<NotificationHandle>,
    waits: VecDeque<JoinHandle<()>>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.waits.iter().for_each(JoinHandle::abort);
    }
}

async fn run(mut orders_rx: mpsc::Receiver<Order>, out: Out) {
    let mut shown = BTreeMap::new();
    let mut told = false;
    let mut orders = Vec::new();
    while orders_rx.recv_many(&mut orders, ORDERS).await > 0 {
        for order in newest(std::mem::take(&mut orders)) {
            match order {
                Order::Show(notice) => {
                    let id = notice.id.clone();
                    match show(notice, shown.remove(&id), out.clone()).await {
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
    }
    for (_, one) in shown {
        close(Some(one)).await;
    }
}

/// The last order about each: ten messages that come together are told once.
fn newest(orders: Vec<Order>) -> Vec<Order> {
    let mut last = BTreeMap::new();
    for (place, order) in orders.iter().enumerate() {
        last.insert(order.id().clone(), place);
    }
    let places = last.into_values().collect::<BTreeSet<_>>();
    let orders = orders.into_iter().enumerate();
    orders
        .filter(|(place, _)| places.contains(place))
        .map(|(_, order)| order)
        .collect()
}

async fn close(shown: Option<Shown>) {
    if let Some(shown) = shown {
        shown.handle.close_async().await;
    }
}

async fn show(
    notice: Notice,
    before: Option<Shown>,
    out: Out,
) -> Result<Shown, notify_rust::error::Error> {
    let mut notification = Notification::new();
    notification
        .appname("Callsign")
        .summary(&notice.title)
        .body(&escaped(&notice.text))
        .hint(Hint::DesktopEntry("callsign".to_owned()));
    if let Some(before) = &before {
        notification.id(before.number);
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
    let mut waits = before
        .map(|mut before| std::mem::take(&mut before.waits))
        .unwrap_or_default();
    if waits.len() == EARLIER
        && let Some(eldest) = waits.pop_front()
    {
        eldest.abort();
    }
    waits.push_back(tokio::task::spawn_local(async move {
        let (tell, told) = tokio::sync::oneshot::channel();
        let done = waiting.wait_for_action_async(|response: &NotificationResponse| {
            // The other end is below.
            drop(tell.send(answer(notice.id, response)));
        });
        done.await;
        if let Ok(Some(msg)) = told.await {
            out.tell(Msg::Notice(msg)).await;
        }
    }));
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
    use crate::app::state::CallNo;

    #[test]
    fn of_orders_about_the_same_the_last_one_counts() {
        let show = |no, text: &str| {
            let (id, title) = (NoticeId::Call(CallNo(no)), String::new());
            let text = text.to_owned();
            Order::Show(Notice { id, title, text })
        };
        let close = Order::Close(NoticeId::Call(CallNo(3)));
        let orders = vec![
            show(1, "one"),
            show(3, "gone"),
            show(2, "two"),
            show(1, "three"),
            close,
        ];
        let texts = newest(orders).into_iter().map(|order| match order {
            Order::Show(notice) => notice.text,
            Order::Close(_) => "close".to_owned(),
        });
        assert_eq!(texts.collect::<Vec<_>>(), ["two", "three", "close"]);
    }

    #[test]
    fn what_people_write_is_no_markup() {
        assert_eq!(escaped("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
