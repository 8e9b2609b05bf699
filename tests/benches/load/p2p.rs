//! Pairs of accounts: one sends instant messages, the other does what a 1.x client does when it is told of one: polls, and
//! acknowledges with the next poll. A message is in flight until its sender is answered and its receiver has it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use callsign::protocol::{Reply, Request};
use tokio::task::JoinSet;

use crate::connection::Scratch;
use crate::report::{Line, Watch};
use crate::session::{Accounts, Session, is_answer, many, number_at, numbered};
use crate::{LoadError, P2pArgs, Target};

/// How many pairs come at a time.
const AT_ONCE: usize = 32;
/// What is said besides the number.
const WORDS: &str = "a few words, as people say them ";
/// How many messages a 1.x client asks for.
const PAGE: u64 = 30;
/// How long the last messages may take to arrive.
pub(crate) const LAST: Duration = Duration::from_secs(10);

/// What the pairs share with the measuring task.
pub(crate) struct World {
    /// How many messages of one pair may be in flight.
    pub(crate) in_flight: u64,
    pub(crate) stop: Cell<bool>,
    /// Messages that are answered and received.
    pub(crate) done: Cell<u64>,
    pub(crate) polls: Cell<u64>,
    pub(crate) scratch: RefCell<Scratch>,
}

/// A sender and a receiver.
pub(crate) struct Pair {
    pub(crate) sender: Session,
    pub(crate) receiver: Receiver,
    peer: String,
    sent: u64,
    answered: u64,
}

/// A 1.x client that is sent messages.
pub(crate) struct Receiver {
    session: Session,
    /// The version that it has seen; versions of a fresh account count from 1.
    pub(crate) seen: u64,
    /// The highest version that it was told of.
    told: u64,
    /// Whether a poll is under way.
    polling: bool,
    calls: u64,
}

pub(crate) async fn run(args: P2pArgs) -> Result<String, LoadError> {
    let world = Rc::new(World::new(args.in_flight.max(1)));
    let pairs = pairs(&args.target, args.pairs).await?;
    let mut tasks = JoinSet::new();
    for pair in pairs {
        tasks.spawn_local(exchange(Rc::clone(&world), pair));
    }
    tokio::select! {
        biased;
        Some(ended) = tasks.join_next() => match ended {
            Ok(Err(error)) => return Err(error),
            Ok(Ok(_)) | Err(_) => return Err(LoadError::Closed),
        },
        () = tokio::time::sleep(args.warm_up) => {}
    }
    let (before, polls) = (world.done.get(), world.polls.get());
    let watch = Watch::start(&args.target);
    tokio::time::sleep(args.seconds).await;
    let (done, polls) = (world.done.get() - before, world.polls.get() - polls);
    let used = watch.stop();
    world.stop.set(true);
    check_last(tasks).await?;
    Ok(Line::new("p2p")
        .figure("messages_per_second", done as f64 / used.seconds, 0)
        .figure("in_flight", world.in_flight as f64, 0)
        .figure("pairs", args.pairs as f64, 0)
        .figure("messages_per_poll", done as f64 / polls.max(1) as f64, 1)
        .used("message", done as f64, &used)
        .finish())
}

/// Waits for all pairs to end, and for each receiver to acknowledge the last messages.
async fn check_last(mut tasks: JoinSet<Result<Pair, LoadError>>) -> Result<(), LoadError> {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            let pair = ended.map_err(|_| LoadError::Closed)??;
            pair.receiver.acknowledge_all().await?;
        }
        Ok(())
    };
    match tokio::time::timeout(LAST, all).await {
        Ok(result) => result,
        Err(_) => Err(LoadError::Wrong("messages are missing".to_owned())),
    }
}

/// Pairs that have signed in.
pub(crate) async fn pairs(target: &Target, count: usize) -> Result<Vec<Pair>, LoadError> {
    let accounts = Rc::new(Accounts::new());
    let target = target.clone();
    let make = move |number: usize| {
        let (target, accounts) = (target.clone(), Rc::clone(&accounts));
        async move {
            let peer = accounts.get(2 * number + 1);
            Ok(Pair {
                sender: Session::open(&target, &accounts.get(2 * number)).await?,
                receiver: Receiver::new(Session::open(&target, &peer).await?),
                peer,
                sent: 0,
                answered: 0,
            })
        }
    };
    many(count, AT_ONCE, make).await
}

/// Sends and receives until the world stops and all is done.
async fn exchange(world: Rc<World>, mut pair: Pair) -> Result<Pair, LoadError> {
    poll_fn(|context| pair.poll(context, &world)).await?;
    Ok(pair)
}

impl World {
    pub(crate) fn new(in_flight: u64) -> Self {
        Self {
            in_flight,
            stop: Cell::new(false),
            done: Cell::new(0),
            polls: Cell::new(0),
            scratch: RefCell::new(Scratch::new()),
        }
    }
}

impl Pair {
    fn done(&self) -> u64 {
        self.answered.min(self.receiver.seen)
    }

    fn poll(&mut self, context: &mut Context<'_>, world: &World) -> Poll<Result<(), LoadError>> {
        loop {
            while !world.stop.get() && self.sent < self.done() + world.in_flight {
                let text = self.message_text();
                self.sender.connection.queue(&text);
            }
            if world.stop.get() && self.done() == self.sent {
                return Poll::Ready(Ok(()));
            }
            let before = self.done();
            let flushed = self.sender.connection.poll_flush(context)?;
            let answered = self.poll_answers(context, world)?;
            let received = self.receiver.poll(context, world, |_| {})?;
            world.done.set(world.done.get() + self.done() - before);
            // A socket that takes no more wakes us, too.
            if answered.is_pending()
                && received.is_pending()
                && (flushed.is_pending() || self.done() == before)
            {
                return Poll::Pending;
            }
        }
    }

    /// The next message as a call. Its id is its number and one.
    pub(crate) fn message_text(&mut self) -> String {
        let number = numbered(self.sent);
        self.sent += 1;
        let (id, peer, line) = (self.sent, &self.peer, self.sender.line.expose());
        format!(
            r#"["call2",["user_sendmsg",{id},{{"peer":"{peer}","flag":"v1:E:3600","t":"instant","content":"{WORDS}{number}","line":"{line}"}}]]"#
        )
    }

    pub(crate) fn poll_answers(
        &mut self,
        context: &mut Context<'_>,
        world: &World,
    ) -> Poll<Result<(), LoadError>> {
        let answered = &mut self.answered;
        let scratch = &mut world.scratch.borrow_mut();
        self.sender.connection.poll_texts(context, scratch, |text| {
            *answered += u64::from(is_answer(text)?);
            Ok(())
        })
    }
}

impl Receiver {
    fn new(session: Session) -> Self {
        Self {
            session,
            seen: 0,
            told: 0,
            polling: false,
            calls: 0,
        }
    }

    /// Reads once, and polls the inbox if there is reason to. Says when each message came.
    pub(crate) fn poll(
        &mut self,
        context: &mut Context<'_>,
        world: &World,
        mut received: impl FnMut(u64),
    ) -> Poll<Result<(), LoadError>> {
        let (seen, told, polling) = (&mut self.seen, &mut self.told, &mut self.polling);
        let scratch = &mut world.scratch.borrow_mut();
        let read = self
            .session
            .connection
            .poll_texts(context, scratch, |text| {
                if let Some(rest) = text.strip_prefix(br#"["notify",["msg","#) {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
                    *told = digits.fold(0, |ver, digit| 10 * ver + u64::from(digit - b'0'));
                } else if is_answer(text)? {
                    *polling = false;
                    for at in (0..text.len()).filter(|at| text[*at] == b'#') {
                        let number = number_at(text, at);
                        if number != Some(*seen) {
                            let what = format!("message {number:?} came where {seen} was due");
                            return Err(LoadError::Wrong(what));
                        }
                        received(*seen);
                        *seen += 1;
                    }
                }
                Ok(())
            })?;
        if !self.polling && self.told > self.seen {
            self.polling = true;
            self.calls += 1;
            world.polls.set(world.polls.get() + 1);
            let (id, seen, line) = (self.calls, self.seen, self.session.line.expose());
            let poll = format!(
                r#"["call2",["user_getmsg",{id},{{"line":"{line}","ver_clear":{seen},"max":{PAGE}}}]]"#
            );
            self.session.connection.queue(&poll);
        }
        // What cannot be written now is written when it can.
        if let Poll::Ready(Err(error)) = self.session.connection.poll_flush(context) {
            return Poll::Ready(Err(error));
        }
        read.map(Ok)
    }

    /// The last acknowledgement, and whether the server took it: the inbox is empty and begins behind it.
    pub(crate) async fn acknowledge_all(mut self) -> Result<(), LoadError> {
        let seen = self.seen;
        let poll = || Request::UserGetMsg {
            ver_clear: seen,
            max: 30,
        };
        // The answer to a poll that is still under way comes first and has another id.
        let answer = self.session.call(poll()).await?;
        let all = Reply::Messages {
            ver_clear: seen,
            msgs: Vec::new(),
        };
        if answer != all {
            let what = format!("{answer:?} came when all {seen} messages were acknowledged");
            return Err(LoadError::Wrong(what));
        }
        Ok(())
    }
}
