//! One sender, many members. A message is in flight until every member has it; the next is sent then.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use callsign::protocol::{AttrName, ChannelName, Request};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::connection::{Connection, Scratch};
use crate::report::{Line, Watch};
use crate::session::{Accounts, Session, is_answer, many, number_at, numbered};
use crate::{FanoutArgs, LoadError};

/// How many members come at a time.
const AT_ONCE: usize = 64;
/// A message's number is in the last bytes of its frame.
const TAIL: usize = 24;
/// What a member says besides the number.
const WORDS: &str = "a few words, as people say them ";
/// How long the last messages may take to arrive.
const LAST: Duration = Duration::from_secs(10);

/// What the members share with one another and with the measuring task.
struct World {
    members: usize,
    in_flight: u64,
    sent: Cell<u64>,
    /// The oldest message that is not with all members, and how many have it and each one behind it.
    oldest: Cell<u64>,
    seen: RefCell<VecDeque<usize>>,
    deliveries: Cell<u64>,
    frame_bytes: Cell<usize>,
    stop: Cell<bool>,
    /// That a message is with all members.
    came: Notify,
    /// The sender, who waits until it may send again.
    sender: RefCell<Option<Waker>>,
    scratch: RefCell<Scratch>,
}

/// What the sender says, and how.
enum Speaker {
    /// To a channel.
    Channel(Session, ChannelName),
    /// To the bare server: texts of so many bytes.
    Bare(Connection, usize),
}

pub(crate) async fn run(args: FanoutArgs) -> Result<String, LoadError> {
    let (speaker, listeners) = match args.bare {
        Some(bytes) => bare(&args, bytes).await?,
        None => channel(&args).await?,
    };
    let world = Rc::new(World {
        members: listeners.len() + 1,
        in_flight: args.in_flight.max(1) as u64,
        sent: Cell::new(0),
        oldest: Cell::new(0),
        seen: RefCell::default(),
        deliveries: Cell::new(0),
        frame_bytes: Cell::new(0),
        stop: Cell::new(false),
        came: Notify::new(),
        sender: RefCell::default(),
        scratch: RefCell::new(Scratch::new()),
    });
    let mut members = JoinSet::new();
    for connection in listeners {
        members.spawn_local(listen(Rc::clone(&world), connection));
    }
    members.spawn_local(speak(Rc::clone(&world), speaker));
    tokio::select! {
        line = measure(&world, &args) => line,
        Some(ended) = members.join_next() => match ended {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Err(LoadError::Closed),
        },
    }
}

async fn measure(world: &World, args: &FanoutArgs) -> Result<String, LoadError> {
    tokio::time::sleep(args.warm_up).await;
    let before = world.deliveries.get();
    let watch = Watch::start(&args.target);
    tokio::time::sleep(args.seconds).await;
    let deliveries = world.deliveries.get() - before;
    let used = watch.stop();
    world.stop.set(true);
    let all_came = async {
        while world.oldest.get() < world.sent.get() {
            world.came.notified().await;
        }
    };
    if tokio::time::timeout(LAST, all_came).await.is_err() {
        return Err(LoadError::Wrong("messages are missing".to_owned()));
    }
    // Every member has had every message, each once and in order, or its task had ended with an error.
    let all = world.sent.get() * world.members as u64;
    if world.deliveries.get() != all {
        return Err(LoadError::Wrong("a message came twice".to_owned()));
    }
    Ok(Line::new("fanout")
        .figure("deliveries_per_second", deliveries as f64 / used.seconds, 0)
        .figure("in_flight", args.in_flight as f64, 0)
        .figure("members", world.members as f64, 0)
        .figure("frame_bytes", world.frame_bytes.get() as f64, 0)
        .used("delivery", deliveries as f64, &used)
        .finish())
}

async fn bare(args: &FanoutArgs, bytes: usize) -> Result<(Speaker, Vec<Connection>), LoadError> {
    let url = args.target.url.clone();
    let open = move |_| {
        let url = url.clone();
        async move { Connection::open(&url).await }
    };
    let mut all = many(args.members, AT_ONCE, open).await?;
    let speaker = all.pop().ok_or(LoadError::Closed)?;
    Ok((Speaker::Bare(speaker, bytes), all))
}

async fn channel(args: &FanoutArgs) -> Result<(Speaker, Vec<Connection>), LoadError> {
    let accounts = Rc::new(Accounts::new());
    let name = name(&accounts.get(0))?;
    let mut speaker = Session::open(&args.target, &accounts.get(0)).await?;
    // A thousand joins told to a thousand members are not what is to be measured.
    let quiet = Request::ChannelSetAttr {
        channel: name.clone(),
        name: AttrName::try_from("_userNotification")
            .map_err(|error| LoadError::Wrong(error.to_string()))?,
        value: 0.into(),
    };
    speaker.call(quiet).await?;
    let target = args.target.clone();
    let own = name.clone();
    let open = move |number: usize| {
        let (target, accounts, name) = (target.clone(), Rc::clone(&accounts), own.clone());
        async move {
            let mut session = Session::open(&target, &accounts.get(number + 1)).await?;
            session.call(Request::ChannelJoin { name }).await?;
            Ok(session.connection)
        }
    };
    let listeners = many(args.members.saturating_sub(1), AT_ONCE, open).await?;
    speaker
        .call(Request::ChannelJoin { name: name.clone() })
        .await?;
    Ok((Speaker::Channel(speaker, name), listeners))
}

fn name(text: &str) -> Result<ChannelName, LoadError> {
    ChannelName::try_from(text).map_err(|error| LoadError::Wrong(error.to_string()))
}

async fn listen(world: Rc<World>, mut connection: Connection) -> Result<(), LoadError> {
    let mut expected = 0;
    loop {
        poll_fn(|context| world.poll_read(context, &mut connection, &mut expected)).await?;
    }
}

async fn speak(world: Rc<World>, mut speaker: Speaker) -> Result<(), LoadError> {
    let mut expected = 0;
    poll_fn(|context| {
        loop {
            while world.may_send() {
                speaker.say(world.sent.get());
                world.sent.set(world.sent.get() + 1);
            }
            let connection = speaker.connection();
            if let Poll::Ready(Err(error)) = connection.poll_flush(context) {
                return Poll::Ready(Err(error));
            }
            // Before reading: reading may be what lets it send again.
            *world.sender.borrow_mut() = Some(context.waker().clone());
            match world.poll_read(context, connection, &mut expected) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

impl Speaker {
    fn connection(&mut self) -> &mut Connection {
        match self {
            Self::Channel(session, _) => &mut session.connection,
            Self::Bare(connection, _) => connection,
        }
    }

    fn say(&mut self, number: u64) {
        let number = numbered(number);
        match self {
            Self::Channel(session, name) => {
                let (text, _) = session.call_text(Request::ChannelSendMsg {
                    name: name.clone(),
                    msg: format!("{WORDS}{number}"),
                    msg_id: None,
                    force: false,
                });
                session.connection.queue(&text);
            }
            Self::Bare(connection, bytes) => {
                let padding = bytes.saturating_sub(number.len());
                connection.queue(&format!("{}{number}", "x".repeat(padding)));
            }
        }
    }
}

impl World {
    fn may_send(&self) -> bool {
        !self.stop.get() && self.sent.get() < self.oldest.get() + self.in_flight
    }

    /// Reads once, and checks and counts what came.
    fn poll_read(
        &self,
        context: &mut Context<'_>,
        connection: &mut Connection,
        expected: &mut u64,
    ) -> Poll<Result<(), LoadError>> {
        let scratch = &mut self.scratch.borrow_mut();
        connection.poll_texts(context, scratch, |text| {
            if text.starts_with(br#"["call2-ret""#) {
                return is_answer(text).map(drop);
            }
            let tail = text.len().saturating_sub(TAIL);
            let mark = text[tail..].iter().position(|byte| *byte == b'#');
            let Some(number) = mark.and_then(|at| number_at(text, tail + at)) else {
                // Something else that members are told.
                return Ok(());
            };
            if number != *expected {
                let what = format!("message {number} came where {expected} was due");
                return Err(LoadError::Wrong(what));
            }
            *expected += 1;
            self.frame_bytes.set(text.len());
            self.delivered(number);
            Ok(())
        })
    }

    fn delivered(&self, number: u64) {
        self.deliveries.set(self.deliveries.get() + 1);
        let mut seen = self.seen.borrow_mut();
        let place = usize::try_from(number - self.oldest.get()).unwrap_or(usize::MAX);
        while seen.len() <= place {
            seen.push_back(0);
        }
        seen[place] += 1;
        let mut more = false;
        while seen.front() == Some(&self.members) {
            seen.pop_front();
            self.oldest.set(self.oldest.get() + 1);
            more = true;
        }
        if more {
            self.came.notify_one();
            if let Some(sender) = self.sender.borrow_mut().take() {
                sender.wake();
            }
        }
    }
}
