//! Sessions that only stay, and many that come at once.

use std::rc::Rc;
use std::time::Duration;

use callsign::protocol::{ClientFrame, Request};

use crate::report::{Line, Watch, resident_bytes};
use crate::session::{Accounts, Session, many};
use crate::{IdleArgs, LoadError, StormArgs, Target};

/// How many sessions come at a time where it is not what is measured.
const AT_ONCE: usize = 64;
/// How long the server may tidy up before its memory is looked at.
const SETTLE: Duration = Duration::from_secs(3);

/// Opens sessions, does with each what a web client does after its login, and looks at the server's memory.
pub(crate) async fn run(args: IdleArgs) -> Result<String, LoadError> {
    let pid = args.target.pid.ok_or(LoadError::NoPid)?;
    let before = resident_bytes(pid)?;
    let sessions = open(&args.target, args.sessions, AT_ONCE).await?;
    tokio::time::sleep(SETTLE).await;
    let after = resident_bytes(pid)?;
    let count = sessions.len() as f64;
    Ok(Line::new("idle")
        .figure("bytes_per_session", (after - before) / count, 0)
        .figure("sessions", count, 0)
        .figure("before_mib", before / f64::from(1 << 20), 1)
        .figure("after_mib", after / f64::from(1 << 20), 1)
        .finish())
}

/// Opens sessions as fast as the server lets them in.
pub(crate) async fn storm(args: StormArgs) -> Result<String, LoadError> {
    let watch = Watch::start(&args.target);
    let sessions = open(&args.target, args.sessions, args.at_once.max(1)).await?;
    let used = watch.stop();
    let count = sessions.len() as f64;
    Ok(Line::new("storm")
        .figure("logins_per_second", count / used.seconds, 0)
        .figure("all_in_s", used.seconds, 2)
        .figure("sessions", count, 0)
        .figure("at_once", args.at_once as f64, 0)
        .used("login", count, &used)
        .finish())
}

async fn open(target: &Target, count: usize, at_once: usize) -> Result<Vec<Session>, LoadError> {
    let accounts = Rc::new(Accounts::new());
    let target = target.clone();
    let make = move |number: usize| {
        let (target, accounts) = (target.clone(), Rc::clone(&accounts));
        async move {
            let mut session = Session::open(&target, &accounts.get(number)).await?;
            session.tell(&ClientFrame::SetFlag { binary: true }).await?;
            session.tell(&ClientFrame::Ping(1)).await?;
            let poll = Request::UserGetMsg {
                ver_clear: 0,
                max: 30,
            };
            session.call(poll).await?;
            Ok(session)
        }
    };
    many(count, at_once, make).await
}
