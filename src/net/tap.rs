//! A tap on a link: every frame as it is on the wire, but for its secrets. While nobody listens, a frame costs a look at a
//! flag; only logins are read all the same, for the secrets in them, and the last of them are told to whoever comes later.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;

use super::mask::Mask;

/// Frames that wait for whoever listens. When full, the next are passed over, and the one after them says how many.
const FRAMES: usize = 512;
/// Frames of logins that are held while nobody listens. When one more comes, the oldest goes.
const LOGINS: usize = 8;
/// The most bytes of a frame that are told; what is longer is cut.
pub const SHOWN_BYTES: usize = 16 * 1024;

/// A frame that went by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tapped {
    /// Whether it was sent by us.
    pub sent: bool,
    /// When, in ms since the Unix epoch.
    pub at_ms: u64,
    /// How many bytes it has on the wire, without what carries it.
    pub bytes: usize,
    /// What it says, without secrets, and [`SHOWN_BYTES`] of it at most.
    pub text: String,
    /// How many before it were passed over, since nobody took them.
    pub missed: u64,
}

/// A tap. Cheap to clone: all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tap(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    open: AtomicBool,
    missed: AtomicU64,
    mask: Mutex<Mask>,
    frames_tx: Mutex<Option<mpsc::Sender<Tapped>>>,
    logins: Mutex<VecDeque<Tapped>>,
}

impl Tap {
    /// From now on every frame comes out here, and nowhere else any more; first the last logins, if nobody was told of them.
    #[must_use]
    pub fn open(&self) -> mpsc::Receiver<Tapped> {
        let (frames_tx, frames_rx) = mpsc::channel(FRAMES);
        for login in lock(&self.0.logins).drain(..) {
            // There is room for more of them than are held.
            drop(frames_tx.try_send(login));
        }
        *lock(&self.0.frames_tx) = Some(frames_tx);
        self.0.missed.store(0, Ordering::Relaxed);
        self.0.open.store(true, Ordering::Relaxed);
        frames_rx
    }

    /// Nobody listens any more.
    pub fn shut(&self) {
        self.0.open.store(false, Ordering::Relaxed);
        *lock(&self.0.frames_tx) = None;
    }

    /// A secret that is never to be seen.
    pub fn hide(&self, secret: &str) {
        lock(&self.0.mask).hide(secret);
    }

    /// A frame is being sent.
    pub(super) fn sent(&self, text: &str) {
        self.passes(true, text);
    }

    /// A frame came.
    pub(super) fn heard(&self, text: &str) {
        self.passes(false, text);
    }

    fn passes(&self, sent: bool, text: &str) {
        let open = self.0.open.load(Ordering::Relaxed);
        if !open && !text.starts_with(r#"["login"#) {
            return;
        }
        let mut shown = lock(&self.0.mask).frame(text);
        cut(&mut shown);
        let mut frame = Tapped {
            sent,
            at_ms: now_ms(),
            bytes: text.len(),
            text: shown,
            missed: 0,
        };
        if !open {
            let mut logins = lock(&self.0.logins);
            if logins.len() == LOGINS {
                logins.pop_front();
            }
            logins.push_back(frame);
            return;
        }
        frame.missed = self.0.missed.swap(0, Ordering::Relaxed);
        let missed = frame.missed + 1;
        let told = (lock(&self.0.frames_tx).as_ref()).map(|frames| frames.try_send(frame));
        match told {
            Some(Err(mpsc::error::TrySendError::Full(_))) => {
                self.0.missed.fetch_add(missed, Ordering::Relaxed);
            }
            Some(Err(mpsc::error::TrySendError::Closed(_))) => self.shut(),
            Some(Ok(())) | None => {}
        }
    }
}

fn cut(text: &mut String) {
    if text.len() > SHOWN_BYTES {
        text.truncate(text.floor_char_boundary(SHOWN_BYTES));
        text.push('…');
    }
}

fn now_ms() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH);
    unix.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_logins_are_told_of_before_somebody_listens_and_what_is_secret_is_known_later() {
        let tap = Tap::default();
        tap.sent(r#"["login",{"token":"a long secret"}]"#);
        tap.sent(r#"["ping",1]"#);
        let mut frames = tap.open();
        tap.heard(r#"["notify",["msg","say a long secret"]]"#);
        let login = frames.try_recv().expect("the login");
        assert_eq!(login.text, r#"["login",{"token":"***"}]"#);
        assert!(login.sent);
        let frame = frames.try_recv().expect("a frame");
        assert!(!frame.sent);
        assert_eq!(frame.text, r#"["notify",["msg","say ***"]]"#);
        assert_eq!(frame.bytes, 38);
        assert!(frames.try_recv().is_err());
        tap.shut();
        tap.sent(r#"["ping",2]"#);
        assert_eq!(
            frames.try_recv(),
            Err(mpsc::error::TryRecvError::Disconnected)
        );
    }

    #[test]
    fn the_last_logins_are_told_once() {
        let tap = Tap::default();
        for n in 0..LOGINS + 2 {
            tap.heard(&format!("[\"login_ret\",{n}]"));
        }
        let told = |frames: &mut mpsc::Receiver<Tapped>| {
            std::iter::from_fn(|| frames.try_recv().ok()).count()
        };
        let mut frames = tap.open();
        assert_eq!(frames.try_recv().expect("one").text, "[\"login_ret\",2]");
        assert_eq!(told(&mut frames), LOGINS - 1);
        assert_eq!(told(&mut tap.open()), 0);
    }

    #[test]
    fn what_nobody_takes_is_counted() {
        let tap = Tap::default();
        let mut frames = tap.open();
        for n in 0..FRAMES + 3 {
            tap.sent(&format!("[\"ping\",{n}]"));
        }
        for _ in 0..FRAMES {
            assert_eq!(frames.try_recv().expect("a frame").missed, 0);
        }
        tap.sent("[\"ping\",0]");
        assert_eq!(frames.try_recv().expect("a frame").missed, 3);
        drop(frames);
        // Whoever has gone is not told.
        tap.sent("[\"ping\",0]");
        assert!(!tap.0.open.load(Ordering::Relaxed));
    }

    #[test]
    fn a_long_frame_is_cut() {
        let tap = Tap::default();
        let mut frames = tap.open();
        let text = format!("[\"x\",\"{}\"]", "é".repeat(SHOWN_BYTES));
        tap.heard(&text);
        let frame = frames.try_recv().expect("a frame");
        assert_eq!(frame.bytes, text.len());
        assert!(frame.text.len() <= SHOWN_BYTES + 3 && frame.text.ends_with('…'));
    }
}
