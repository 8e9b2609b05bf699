//! A thread that does jobs on one connection, in order. Knows nothing of what they do.
//!
//! Everything that waits is done in one transaction (group commit), and nobody is answered before it is committed. A
//! job that fails undoes itself alone. Where the database gives up the whole transaction, as on a full disk, all jobs
//! in it are told so, and the next begins anew: nothing is tried again, and nothing is half kept.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;
use super::{open, upkeep};

/// Jobs that one commit takes at most, so that the first of them does not wait for long.
const GROUP: usize = 256;

/// What a handle asks for.
pub(super) enum Ask {
    /// Something to do.
    Job(Box<dyn Job>),
    /// To do what waits, to close the file and then to drop this.
    End(oneshot::Sender<()>),
}

/// Something to do, and somebody who waits for it.
pub(super) trait Job: Send {
    /// Whether it changes anything.
    fn writes(&self) -> bool;
    /// Does it and keeps the outcome; tells if it failed.
    fn run(&mut self, connection: &Connection) -> Result<(), StoreError>;
    /// Gives the outcome to whoever waits; an error instead, if what it did was undone.
    fn answer(self: Box<Self>, undone: Option<StoreError>);
}

/// A job that is a function.
pub(super) struct Work<T, F> {
    pub(super) writes: bool,
    pub(super) work: Option<F>,
    pub(super) outcome: Result<T, StoreError>,
    pub(super) answer_tx: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn writes(&self) -> bool {
        self.writes
    }

    fn run(&mut self, connection: &Connection) -> Result<(), StoreError> {
        if let Some(work) = self.work.take() {
            self.outcome = work(connection);
        }
        self.outcome
            .as_ref()
            .map_or_else(|e| Err(e.clone()), |_| Ok(()))
    }

    fn answer(self: Box<Self>, undone: Option<StoreError>) {
        let outcome = undone.map_or(self.outcome, Err);
        // Whoever asked may have gone; what was done is done.
        drop(self.answer_tx.send(outcome));
    }
}

/// The thread's side.
pub(super) struct Lane {
    pub(super) asks_rx: mpsc::Receiver<Ask>,
    pub(super) files: Arc<open::Files>,
    pub(super) connection: Source,
}

/// Where a lane's connection comes from.
pub(super) enum Source {
    /// It writes, and was opened before.
    Writer(Connection),
    /// It only reads, and is opened when it is needed: most starts never do.
    Reader(Option<Connection>),
}

impl Lane {
    /// Does jobs until it is told to end, or until nobody can ask any more.
    pub(super) fn run(mut self) {
        let mut ended_tx = None;
        while let Some(ask) = self.next() {
            let mut group = Vec::new();
            let mut more = Some(ask);
            while let Some(ask) = more {
                match ask {
                    Ask::Job(job) => group.push(job),
                    Ask::End(tx) => {
                        self.asks_rx.close();
                        ended_tx = Some(tx);
                    }
                }
                more = if group.len() < GROUP {
                    self.asks_rx.try_recv().ok()
                } else {
                    None
                };
            }
            self.do_all(group);
        }
        let connection = match self.connection {
            Source::Writer(connection) => Some(connection),
            Source::Reader(connection) => connection,
        };
        if let Some(Err((_, error))) = connection.map(Connection::close) {
            tracing::warn!(%error, "the history was not closed in order; it is sound nevertheless");
        }
        drop(self.files);
        drop(ended_tx);
    }

    /// The next that is asked for. As long as there is none, a writer does chores, one small step after the other.
    fn next(&mut self) -> Option<Ask> {
        loop {
            match self.asks_rx.try_recv() {
                Ok(ask) => return Some(ask),
                Err(mpsc::error::TryRecvError::Disconnected) => return None,
                Err(mpsc::error::TryRecvError::Empty) => {}
            }
            let idle = match &self.connection {
                Source::Writer(connection) => !upkeep::step(connection),
                Source::Reader(_) => true,
            };
            if idle {
                return self.asks_rx.blocking_recv();
            }
        }
    }

    fn do_all(&mut self, group: Vec<Box<dyn Job>>) {
        if let Source::Reader(connection @ None) = &mut self.connection {
            match open::reader(&self.files) {
                Ok(opened) => *connection = Some(opened),
                Err(error) => return fail(group, &StoreError::from(error)),
            }
        }
        let damaged = match &self.connection {
            Source::Writer(connection) | Source::Reader(Some(connection)) => {
                do_group(connection, group)
            }
            Source::Reader(None) => false,
        };
        if damaged {
            self.files.examine_at_next_start();
        }
    }
}

/// Does jobs in one transaction, or without one as long as none of them writes. Returns whether the file is damaged.
fn do_group(connection: &Connection, group: Vec<Box<dyn Job>>) -> bool {
    let mut held: Vec<Box<dyn Job>> = Vec::new();
    let mut damaged = false;
    for mut job in group {
        let mut failed = None;
        if job.writes() && connection.is_autocommit() {
            failed = execute(connection, "BEGIN IMMEDIATE").err();
        }
        let within = !connection.is_autocommit();
        if failed.is_none() {
            failed = run(connection, job.as_mut()).err();
        }
        damaged |= matches!(failed, Some(StoreError::Damaged(_)));
        match failed {
            // What a job sees within a transaction is known to be true only when that is kept.
            None if within => held.push(job),
            None => job.answer(None),
            Some(error) => {
                if connection.is_autocommit() {
                    // The database has given up everything since the beginning.
                    fail(std::mem::take(&mut held), &error);
                }
                job.answer(Some(error));
            }
        }
    }
    if connection.is_autocommit() {
        return damaged;
    }
    match execute(connection, "COMMIT") {
        Ok(()) => held.into_iter().for_each(|job| job.answer(None)),
        Err(error) => {
            damaged |= matches!(error, StoreError::Damaged(_));
            roll_back(connection);
            fail(held, &error);
        }
    }
    damaged
}

/// Does one job, and undoes it alone if it fails.
fn run(connection: &Connection, job: &mut dyn Job) -> Result<(), StoreError> {
    if !job.writes() {
        return job.run(connection);
    }
    execute(connection, "SAVEPOINT job")?;
    let done = job.run(connection);
    if connection.is_autocommit() {
        return done;
    }
    let mut closed = Ok(());
    if done.is_err() {
        closed = execute(connection, "ROLLBACK TO job");
    }
    let closed = closed.and_then(|()| execute(connection, "RELEASE job"));
    if closed.is_err() {
        // Nothing may be kept of a job that is said to have failed, so all of the group goes.
        roll_back(connection);
    }
    done.and(closed)
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::warn!(%error, "a failed transaction cannot be rolled back");
    }
}

fn fail(jobs: Vec<Box<dyn Job>>, error: &StoreError) {
    for job in jobs {
        job.answer(Some(error.clone()));
    }
}

fn execute(connection: &Connection, statement: &str) -> Result<(), StoreError> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}
