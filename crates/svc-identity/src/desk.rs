//! The service at work: whose token is this, who signs in, what does an officer ask about his own account.

use std::{fs, io, path::Path, sync::Arc};

use bus::{
    access::{Access, NOTE, Note, What},
    assertion::{Assertion, Claims, Signer, Strength},
    connection::Message,
    identity::{ASK, Answer, Proven, Question, Secret, SignedIn},
    protocol,
    streams::{self, ACCESS, IDENTITY},
};
use chrono::TimeDelta;
use domain::{Code, Refusal};
use events::{OfficerId, Timestamp};
use service::{Chassis, Clock, StartError, config::Identity as Settings, metrics::Counter, serving::serve};
use tokio::sync::Semaphore;

use crate::{
    NAME,
    office::adopt,
    passwords,
    records::{Account, Session, Token},
    secrets::{self, Kind},
    totp,
    vault::{Vault, VaultError, of, of_account},
};

/// How many questions are worked on at a time; further ones are answered `BUSY`.
const AT_ONCE: usize = 128;

/// How exactly is kept when a session was used.
const USED_TO: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) chassis: Chassis,
    pub(crate) vault: Vault,
    signer: Arc<Signer>,
    /// Sign-ins by what became of them.
    sign_ins: [Counter; SIGN_INS.len()],
}

/// What can become of a sign-in, as metrics name it.
const SIGN_INS: [&str; 3] = ["begun", "refused", "locked"];

/// A session that counts.
pub(crate) struct Own {
    pub(crate) session: Session,
    pub(crate) officer: OfficerId,
}

pub(crate) async fn start(chassis: Chassis) -> Result<(), StartError> {
    let failed = Chassis::failed(NAME);
    let declared = streams::declared(&chassis.config.nats.shape());
    for stream in declared.iter().filter(|stream| [IDENTITY, ACCESS].contains(&stream.name)) {
        streams::verify(&chassis.bus, stream).await.map_err(|error| failed(&error))?;
    }
    let signer = Signer::read(&chassis.config.credentials()).map_err(|error| failed(&error))?;
    let vault = Vault::new(chassis.bus.clone());
    if chassis.config.is_demonstration() {
        let tokens = demonstration(&chassis.config.tokens()).map_err(|error| failed(&error))?;
        adopt(&vault, tokens, Clock::System.now()).await.map_err(|error| failed(&error))?;
    }
    let sign_ins = chassis.metrics.counters(
        "sign_ins",
        "Sign-ins by what became of them: begun, refused (a wrong name, password or code), or locked",
        "outcome",
        SIGN_INS,
    );
    let desk = Desk { chassis: chassis.clone(), vault, signer: Arc::new(signer), sign_ins };
    let asked = chassis.bus.queue_subscribe(ASK, NAME).await.map_err(|error| failed(&error))?;
    let told = chassis.bus.queue_subscribe(NOTE, NAME).await.map_err(|error| failed(&error))?;
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let tasks = chassis.tasks.clone();
    let noting = desk.clone();
    tasks.spawn(serve(
        chassis.clone(),
        told,
        Arc::clone(&places),
        || {},
        move |message| {
            let desk = noting.clone();
            async move { protocol::write(&desk.told(&message).await) }
        },
    ));
    tasks.spawn(serve(
        chassis,
        asked,
        places,
        || {},
        move |message| {
            let desk = desk.clone();
            async move { protocol::write(&desk.answer(&message).await) }
        },
    ));
    Ok(())
}

/// The tokens in a folder in which each file is named after an officer and holds his token.
fn demonstration(folder: &Path) -> Result<Vec<(OfficerId, Secret)>, String> {
    let unreadable = |error: io::Error| {
        format!("the tokens in {} cannot be read ({error}): `concord up` makes them", folder.display())
    };
    let mut tokens = Vec::new();
    for file in fs::read_dir(folder).map_err(unreadable)? {
        let file = file.map_err(unreadable)?;
        let officer = OfficerId::from(file.file_name().to_string_lossy().as_ref());
        let token = fs::read_to_string(file.path()).map_err(unreadable)?;
        let token = token.trim().to_owned();
        if token.len() < 32 {
            return Err(format!("the token of {officer} is shorter than 32 characters: make a longer one"));
        }
        tokens.push((officer, Secret(token)));
    }
    Ok(tokens)
}

impl Desk {
    async fn answer(&self, message: &Message) -> Answer {
        let question: Question = match protocol::read(message) {
            Ok(question) => question,
            Err(refusal) => return Answer::Refused(refusal),
        };
        let answered = match question {
            Question::Check { secret } => self.check(&secret).await,
            Question::SignIn { officer, password, code } => {
                let answered = self.sign_in(officer, &password, code.as_ref()).await;
                self.count(answered.as_ref().ok());
                answered
            }
            Question::Own { secret, wish } => self.own(&secret, wish).await,
            Question::Noticed { assertion, what } => self.noticed(&assertion, what).await,
            Question::WhoOpened { case } => self.vault.openings(case).await.map(Answer::Opened),
        };
        answered.unwrap_or_else(|error| {
            tracing::error!(%error, "who acts cannot be found out");
            Answer::Refused(unavailable(&error))
        })
    }

    fn count(&self, answered: Option<&Answer>) {
        let [begun, refused, locked] = &self.sign_ins;
        match answered {
            Some(Answer::SignedIn(_)) => begun.inc(),
            Some(Answer::Unknown) => refused.inc(),
            Some(Answer::LockedUntil(_)) => locked.inc(),
            _ => return,
        };
    }

    /// Writes down what an edge has seen an officer read, or be refused.
    async fn noticed(&self, assertion: &Assertion, what: What) -> Result<Answer, VaultError> {
        if !what.is_the_edges() {
            return Ok(Answer::Refused(not_his_to_say()));
        }
        let now = Clock::System.now();
        match self.chassis.verifier.verify(assertion, now) {
            Ok(claims) => {
                let at = self.chassis.clock.now();
                self.vault.record(&claims.officer, Some(claims.credential), what, at).await?;
                Ok(Answer::Done)
            }
            Err(refusal) => Ok(Answer::Refused(refusal)),
        }
    }

    /// Writes down what an operator reads or does.
    async fn told(&self, message: &Message) -> Answer {
        let Note { operator, what } = match protocol::read(message) {
            Ok(note) => note,
            Err(refusal) => return Answer::Refused(refusal),
        };
        if !what.is_an_operators() {
            return Answer::Refused(not_his_to_say());
        }
        let at = self.chassis.clock.now();
        let access = Access { at, officer: None, credential: None, operator: Some(operator), what };
        match self.vault.write_down(&access).await {
            Ok(()) => Answer::Done,
            Err(error) => {
                tracing::error!(%error, "what an operator reads is not written down");
                Answer::Refused(unavailable(&error))
            }
        }
    }

    fn settings(&self) -> &Settings {
        &self.chassis.config.identity
    }

    pub(crate) fn idle(&self) -> TimeDelta {
        TimeDelta::minutes(self.settings().idle_minutes.into())
    }

    /// Whose is this?
    async fn check(&self, secret: &Secret) -> Result<Answer, VaultError> {
        let now = Clock::System.now();
        let (id, digest) = secrets::digest(secret);
        let claims = match secrets::kind(secret) {
            Kind::Session => match self.session(secret, now).await? {
                Some(own) if own.session.must_change => return Ok(Answer::MustChangePassword),
                Some(Own { session, officer }) => Claims {
                    officer,
                    credential: id,
                    strength: session.strength,
                    agency: None,
                    acts: None,
                    expires: now,
                },
                None => return Ok(Answer::Unknown),
            },
            Kind::Token => match self.vault.read::<Token>(&of::<Token>(id)).await? {
                Some((token, _)) if token.digest == digest && token.counts(now) => Claims {
                    officer: token.officer,
                    credential: id,
                    strength: Strength::Token,
                    agency: token.agency,
                    acts: token.acts,
                    expires: now,
                },
                _ => return Ok(Answer::Unknown),
            },
        };
        Ok(match self.signer.sign(claims, now) {
            Ok((assertion, claims)) => Answer::Proven(Box::new(Proven { assertion, claims })),
            Err(reason) => Answer::Refused(unavailable(&reason)),
        })
    }

    /// The session of a secret, if it counts; its use is noted to the minute.
    pub(crate) async fn session(&self, secret: &Secret, now: Timestamp) -> Result<Option<Own>, VaultError> {
        let (id, digest) = secrets::digest(secret);
        let key = of::<Session>(id);
        let Some((mut session, sequence)) = self.vault.read::<Session>(&key).await? else { return Ok(None) };
        if session.digest != digest || !session.counts(now, self.idle()) {
            return Ok(None);
        }
        if now - session.used >= USED_TO {
            session.used = now;
            // Another edge may have noted it first: then it stands there, or the session was ended meanwhile.
            if let Err(VaultError::Append(_)) = self.vault.keep(&session, sequence).await {
                let again = self.vault.read::<Session>(&key).await?;
                let counts = again.is_some_and(|(session, _)| session.counts(now, self.idle()));
                if !counts {
                    return Ok(None);
                }
            }
        }
        let officer = session.officer.clone();
        Ok(Some(Own { session, officer }))
    }

    /// Signs in. Whatever is wrong, the answer is the same and takes as long.
    async fn sign_in(
        &self,
        officer: OfficerId,
        password: &Secret,
        code: Option<&Secret>,
    ) -> Result<Answer, VaultError> {
        let now = Clock::System.now();
        let known =
            if is_a_key(&officer) { self.vault.read::<Account>(&of_account(&officer)).await? } else { None };
        let account = known.map(|(account, _)| account).filter(|account| !account.closed);
        if let Some(until) = account.as_ref().and_then(|account| account.locked_until)
            && now < until
        {
            return Ok(Answer::LockedUntil(until));
        }
        let hash = account.as_ref().map(|account| account.password.as_str());
        let right = match passwords::is_right(password, hash).await {
            Ok(right) => right,
            Err(reason) => return Ok(Answer::Refused(unavailable(&reason))),
        };
        let Some(account) = account else { return Ok(Answer::Unknown) };
        let step = match (&account.second_factor, code) {
            (None, _) => Some(None),
            (Some(factor), Some(code)) => totp::next_step(factor, code, now).map(Some),
            (Some(_), None) => None,
        };
        let Some(step) = step.filter(|_| right) else { return self.failed(&officer, now).await };
        let settled = self
            .vault
            .change::<Account>(&of_account(&officer), |account| {
                account.failures = 0;
                account.locked_until = None;
                match (&mut account.second_factor, step) {
                    // Of two who show the same code one comes first.
                    (Some(factor), Some(step)) if step <= factor.last_step => return false,
                    (Some(factor), Some(step)) => factor.last_step = step,
                    _ => {}
                }
                true
            })
            .await?;
        let Some(account) = settled else { return Ok(Answer::Unknown) };
        self.begin(&account, now).await
    }

    pub(crate) async fn failed(&self, officer: &OfficerId, now: Timestamp) -> Result<Answer, VaultError> {
        let (most, locked) = (self.settings().failures.max(1), self.settings().locked_minutes);
        let until = now + TimeDelta::minutes(locked.into());
        let mut failures = 0;
        self.vault
            .change::<Account>(&of_account(officer), |account| {
                account.failures += 1;
                failures = account.failures;
                if failures >= most {
                    account.failures = 0;
                    account.locked_until = Some(until);
                }
                true
            })
            .await?;
        self.vault.record(officer, None, What::SignInRefused { failures }, now).await?;
        if failures >= most {
            tracing::warn!(%officer, %until, alert = true, "an account is locked after too many failures");
            self.vault.record(officer, None, What::Locked { until }, now).await?;
            return Ok(Answer::LockedUntil(until));
        }
        Ok(Answer::Unknown)
    }

    async fn begin(&self, account: &Account, now: Timestamp) -> Result<Answer, VaultError> {
        let token = secrets::new(Kind::Session);
        let (id, digest) = secrets::digest(&token);
        let strength = match account.second_factor {
            Some(_) => Strength::SecondFactor,
            None => Strength::Password,
        };
        let session = Session {
            id,
            officer: account.officer.clone(),
            digest,
            strength,
            must_change: account.must_change,
            since: now,
            used: now,
            ends: now + TimeDelta::hours(self.settings().session_hours.into()),
            ended: None,
        };
        self.vault.record(&account.officer, Some(id), What::SignedIn { strength }, now).await?;
        self.vault.keep(&session, 0).await?;
        Ok(Answer::SignedIn(Box::new(SignedIn {
            id,
            token,
            ends: session.ends,
            idle_minutes: self.settings().idle_minutes,
            strength,
            must_change_password: account.must_change,
        })))
    }
}

/// Whether a name can be part of a key: what else comes is nobody's.
fn is_a_key(officer: &OfficerId) -> bool {
    let name = officer.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (1..=100).contains(&name.len())
        && name.chars().all(allowed)
        && name.split('.').all(|part| !part.is_empty())
}

/// What is told is for somebody else to say.
fn not_his_to_say() -> Refusal {
    Refusal::not_authorised(
        "Nội dung này không do dịch vụ đó ghi.",
        "This is not for whoever said it to write down.",
    )
}

pub(crate) fn unavailable(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(
        Code::Unavailable,
        "Chưa kiểm tra được người dùng; đề nghị thử lại.",
        format!("Who acts cannot be checked now ({reason}): try again."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_key_is_nobody() {
        for (name, is) in [
            ("btg.lanh-dao", true),
            ("", false),
            ("a..b", false),
            (".a", false),
            ("a.>", false),
            ("a.*", false),
            ("a b", false),
            ("đầu-mối", false),
        ] {
            assert_eq!(is_a_key(&name.into()), is, "{name}");
        }
    }
}
