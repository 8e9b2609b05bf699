//! The server on this computer, for whoever looks at its settings: who serves, who is there, and what may be changed.

use std::time::Duration;

use tokio::sync::watch;

use super::here::{Duty, Here, REMEDY, Running};
use super::login::OWN_APP;
use super::rules;
use super::session::Desk;
use super::{Out, session};
use crate::app::effect::ServerEffect;
use crate::app::msg::{Msg, ServerMsg};
use crate::app::state::Who;
use crate::protocol::{Account, AppId};

/// What cannot tell of its changes is looked at so often, while somebody looks at it.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Those who are online, by app and name.
type Online = watch::Receiver<Vec<(AppId, Account)>>;

impl Desk {
    pub(super) async fn server(&mut self, effect: ServerEffect) {
        let done = match effect {
            ServerEffect::Watch(looks) => {
                self.watching = looks.then(|| {
                    session::Ends(tokio::spawn(look(self.here.clone(), self.out.clone())))
                });
                Ok(())
            }
            ServerEffect::Turn(on) => self.turn_server(on).await,
            ServerEffect::Rename(name) => self.rename_server(&name).await,
            ServerEffect::SendAway(account) => self.send_away(account).await,
        };
        if let Err(why) = done {
            self.out.say(Msg::Server(ServerMsg::Failed(why))).await;
        }
    }

    async fn turn_server(&mut self, on: bool) -> Result<(), String> {
        let kept = self.here.turn(on).await;
        kept.map_err(|error| format!("That cannot be kept: {error}. {REMEDY}"))?;
        if on {
            self.here.start().await?;
            self.come_back_at_once();
        }
        self.look_again();
        Ok(())
    }

    async fn rename_server(&mut self, typed: &str) -> Result<(), String> {
        let name =
            rules::name(typed).ok_or("A server's name has 1 to 64 characters.".to_owned())?;
        let kept = self.here.rename(name).await;
        kept.map_err(|error| format!("That name cannot be kept: {error}. {REMEDY}"))?;
        self.look_again();
        Ok(())
    }

    async fn send_away(&mut self, account: Account) -> Result<(), String> {
        let app = AppId::try_from(OWN_APP).map_err(|error| error.to_string())?;
        let Some(running) = self.here.running().await else {
            return Err(
                "The server does not run here any more. Send them away where it runs.".to_owned(),
            );
        };
        let sent = running.control.send_away(app, account);
        sent.map_err(|error| format!("That did not work: {error}. Try again."))
    }

    /// Whoever looks is told anew, since not every change tells of itself.
    fn look_again(&mut self) {
        if self.watching.is_some() {
            let look = look(self.here.clone(), self.out.clone());
            self.watching = Some(session::Ends(tokio::spawn(look)));
        }
    }
}

/// Tells who serves, and every change of it.
async fn look(here: Here, out: Out) {
    let mut told = None;
    let mut online: Option<Online> = None;
    loop {
        let mut duty = here.duty().await;
        let who = who(&here, duty.as_mut(), &mut online).await;
        if told.as_ref() != Some(&who) {
            told = Some(who.clone());
            out.tell(Msg::Server(ServerMsg::Is(who))).await;
        }
        tokio::select! {
            () = changed(duty.as_mut()) => {}
            () = changed(online.as_mut()) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

async fn changed<T>(of: Option<&mut watch::Receiver<T>>) {
    if let Some(of) = of
        && of.changed().await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

async fn who(
    here: &Here,
    duty: Option<&mut watch::Receiver<Duty>>,
    online: &mut Option<Online>,
) -> Who {
    let data = here.data();
    let rules = here.rules();
    let duty = duty.map(|duty| duty.borrow_and_update().clone());
    if let Some(Duty::Serving(Running {
        address, control, ..
    })) = &duty
        && rules.on
    {
        let now = online.get_or_insert_with(|| control.online());
        // A server that ended is followed by another, with a list of its own.
        if now.has_changed().is_err() {
            *now = control.online();
        }
        let there = now.borrow_and_update().clone();
        let there = there.into_iter().filter(|(app, _)| app.as_str() == OWN_APP);
        return Who::We {
            address: address.to_string(),
            name: rules.name,
            data,
            online: there.map(|(_, account)| account).collect(),
        };
    }
    *online = None;
    match duty {
        Some(Duty::Unable(why)) => Who::Unable(why),
        Some(Duty::Off) => Who::Off { data },
        _ if !rules.on => Who::Off { data },
        Some(Duty::Starting | Duty::Serving(_)) => Who::Unknown,
        Some(Duty::Waiting) => {
            let address = here.found().await.map(|address| address.to_string());
            Who::Another { address, data }
        }
        None => match here.found().await {
            Some(address) => {
                let address = Some(address.to_string());
                Who::Another { address, data }
            }
            None => Who::Nobody { data },
        },
    }
}
